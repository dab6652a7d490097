package wire

import "encoding/json"

// Redact returns a request of this action as JSON for the audit: secrets read "***",
// and what is too long to keep is cut and says so. req is what New or a decoder of
// this action made.
func (a *Action) Redact(req any) json.RawMessage {
	return appendRecord(nil, req.(record), &mask{end: maxRedacted})
}

// Bounds of what Redact keeps.
const (
	maxRedacted       = 16 << 10 // bytes in all; the value that crosses it is the last
	maxRedactedString = 1 << 10  // bytes of one string
	maxRedactedList   = 200      // elements of one list
)

// mask changes how a record is written for the audit. A nil mask changes nothing.
type mask struct{ end int }

// text appends a string, cut to the mask's bounds.
func (m *mask) text(b []byte, s string) []byte {
	if m != nil {
		s = cutText(s, max(0, min(m.end-len(b), maxRedactedString)))
	}
	return appendString(b, s)
}

// elements returns how many of n list elements to keep when b is written already.
func (m *mask) elements(b []byte, n int) int {
	switch {
	case m == nil:
		return n
	case len(b) >= m.end:
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
func appendSlot(b []byte, s slot, secret bool, m *mask) []byte {
	if !s.present() {
		return b
	}
	if secret && m != nil {
		return append(b, `"***"`...)
	}
	switch s := s.(type) {
	case scalar[string]:
		return m.text(b, **s.field)
	case scalar[uint64]:
		return appendUint(b, **s.field)
	case scalar[int64]:
		return appendInt(b, **s.field)
	case scalar[bool]:
		return appendBool(b, **s.field)
	case scalar[float64]:
		return appendFloat(b, **s.field)
	case scalars[string]:
		return appendList(b, *s.field, m, m.text)
	case scalars[uint64]:
		return appendList(b, *s.field, m, appendUint)
	case scalars[int64]:
		return appendList(b, *s.field, m, appendInt)
	case scalars[bool]:
		return appendList(b, *s.field, m, appendBool)
	case scalars[float64]:
		return appendList(b, *s.field, m, appendFloat)
	case objectSlot:
		return appendRecord(b, s.get(), m)
	case listSlot:
		return appendRecords(b, s, m)
	}
	return b
}

func appendList[T any](b []byte, list []T, m *mask, one func([]byte, T) []byte) []byte {
	keep := m.elements(b, len(list))
	b = appendScalars(b, list[:keep], one)
	return appendOmitted(b, len(list)-keep)
}

func appendRecords(b []byte, list listSlot, m *mask) []byte {
	keep := m.elements(b, list.count())
	b = append(b, '[')
	for i := range keep {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRecord(b, list.at(i), m)
	}
	b = append(b, ']')
	return appendOmitted(b, list.count()-keep)
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
