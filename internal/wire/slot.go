package wire

// A record is a generated input struct whose fields can be reached by their index in
// the shape. A slot is one of **string, **uint64, **int64, **bool, **float64, pointers
// to slices of these scalars, an objectSlot or a listSlot.
type record interface {
	shape() *Shape
	slot(i int) any
}

// An objectSlot is a field that holds one object or nothing.
type objectSlot interface {
	open() record // sets a new, empty object and returns it
	get() record  // nil when absent
	clear()
}

// A listSlot is a field that holds a list of objects.
type listSlot interface {
	reset()       // makes the list present and empty
	grow() record // appends an empty object; valid until the next grow
	count() int   // -1 when absent
	at(i int) record
	clear()
}

type recordOf[T any] interface {
	*T
	record
}

type one[T any, P recordOf[T]] struct{ field **T }

func (s one[T, P]) open() record {
	*s.field = new(T)
	return P(*s.field)
}

func (s one[T, P]) get() record {
	if *s.field == nil {
		return nil
	}
	return P(*s.field)
}

func (s one[T, P]) clear() { *s.field = nil }

type many[T any, P recordOf[T]] struct{ field *[]T }

func (s many[T, P]) reset() { *s.field = []T{} }

func (s many[T, P]) grow() record {
	var zero T
	*s.field = append(*s.field, zero)
	return P(&(*s.field)[len(*s.field)-1])
}

func (s many[T, P]) count() int {
	if *s.field == nil {
		return -1
	}
	return len(*s.field)
}

func (s many[T, P]) at(i int) record { return P(&(*s.field)[i]) }

func (s many[T, P]) clear() { *s.field = nil }
