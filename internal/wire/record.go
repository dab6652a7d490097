package wire

import "encoding/json"

// Redact returns a request of this action as JSON for the audit: secrets read "***",
// and what is too long to keep is cut and says so. req is what New or a decoder of
// this action made.
func (a *Action) Redact(req any) json.RawMessage {
	return appendRecord(nil, req.(record), &mask{budget: maxRedacted})
}

// Bounds of what Redact keeps.
const (
	maxRedacted       = 16 << 10 // bytes of text in all
	maxRedactedString = 1 << 10  // bytes of one string
	maxRedactedList   = 200      // elements of one list
)

// mask changes how a record is written for the audit.
type mask struct{ budget int }

func (m *mask) cut(s string) string {
	room := max(0, min(m.budget, maxRedactedString))
	m.budget -= min(len(s), room)
	if len(s) <= room {
		return s
	}
	return s[:room] + "…"
}

// elements returns how many of n list elements to keep.
func (m *mask) elements(n int) int {
	if m == nil {
		return n
	}
	if m.budget <= 0 {
		return 0
	}
	return min(n, maxRedactedList)
}

// appendRecord appends an input as a JSON object, absent fields left out. m is nil
// when nothing is to be masked.
func appendRecord(b []byte, r record, m *mask) []byte {
	b = append(b, '{')
	fields := r.shape().Fields
	for i := range fields {
		mark := len(b)
		b = appendKey(b, "")
		b = append(appendString(b, fields[i].Name), ':')
		value := len(b)
		b = appendSlot(b, r.slot(i), fields[i].Secret, m)
		if len(b) == value {
			b = b[:mark]
		}
	}
	return append(b, '}')
}

// appendSlot appends nothing when the slot is absent.
func appendSlot(b []byte, slot any, secret bool, m *mask) []byte {
	if secret && m != nil {
		return appendSecret(b, slot)
	}
	switch p := slot.(type) {
	case **string:
		return appendPointer(b, *p, m.text)
	case **uint64:
		return appendPointer(b, *p, appendUint)
	case **int64:
		return appendPointer(b, *p, appendInt)
	case **bool:
		return appendPointer(b, *p, appendBool)
	case **float64:
		return appendPointer(b, *p, appendFloat)
	case *[]string:
		return appendList(b, *p, m, m.text)
	case *[]uint64:
		return appendList(b, *p, m, appendUint)
	case *[]int64:
		return appendList(b, *p, m, appendInt)
	case *[]bool:
		return appendList(b, *p, m, appendBool)
	case *[]float64:
		return appendList(b, *p, m, appendFloat)
	case objectSlot:
		if r := p.get(); r != nil {
			return appendRecord(b, r, m)
		}
	case listSlot:
		return appendRecords(b, p, m)
	}
	return b
}

// text appends a string, cut to the mask's bounds.
func (m *mask) text(b []byte, s string) []byte {
	if m != nil {
		s = m.cut(s)
	}
	return appendString(b, s)
}

// appendSecret says that a secret was there, and nothing of it.
func appendSecret(b []byte, slot any) []byte {
	if present(slot) {
		b = append(b, `"***"`...)
	}
	return b
}

func appendPointer[T any](b []byte, p *T, one func([]byte, T) []byte) []byte {
	if p == nil {
		return b
	}
	return one(b, *p)
}

func appendList[T any](b []byte, list []T, m *mask, one func([]byte, T) []byte) []byte {
	if list == nil {
		return b
	}
	keep := m.elements(len(list))
	b = appendScalars(b, list[:keep], one)
	return appendOmitted(b, len(list)-keep)
}

func appendRecords(b []byte, list listSlot, m *mask) []byte {
	n := list.count()
	if n < 0 {
		return b
	}
	keep := m.elements(n)
	b = append(b, '[')
	for i := range keep {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRecord(b, list.at(i), m)
	}
	b = append(b, ']')
	return appendOmitted(b, n-keep)
}

// appendOmitted turns the end of a list that was cut into one more element that says
// how much is missing.
func appendOmitted(b []byte, n int) []byte {
	if n == 0 {
		return b
	}
	b = b[:len(b)-1]
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	b = append(b, `"… and `...)
	b = appendInt(b, int64(n))
	return append(b, ` more"]`...)
}

func present(slot any) bool {
	switch p := slot.(type) {
	case **string:
		return *p != nil
	case **uint64:
		return *p != nil
	case **int64:
		return *p != nil
	case **bool:
		return *p != nil
	case **float64:
		return *p != nil
	case *[]string:
		return *p != nil
	case *[]uint64:
		return *p != nil
	case *[]int64:
		return *p != nil
	case *[]bool:
		return *p != nil
	case *[]float64:
		return *p != nil
	case objectSlot:
		return p.get() != nil
	case listSlot:
		return p.count() >= 0
	}
	return false
}
