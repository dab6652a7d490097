package wire

// A record is a generated input struct whose fields can be reached by their index in
// the shape.
type record interface {
	shape() *Shape
	slot(i int) slot
}

// A slot is one field of a record: a scalar, scalars, one object or many.
type slot interface {
	present() bool
	clear() // makes it absent
}

// scalar is a field that holds one string, integer, boolean or number, or nothing.
type scalar[T any] struct{ field **T }

func (s scalar[T]) present() bool { return *s.field != nil }
func (s scalar[T]) clear()        { *s.field = nil }

// scalars is a field that holds a list of them.
type scalars[T any] struct{ field *[]T }

func (s scalars[T]) present() bool { return *s.field != nil }
func (s scalars[T]) clear()        { *s.field = nil }

// An objectSlot is a field that holds one object or nothing.
type objectSlot interface {
	slot
	open() record // sets a new, empty object and returns it
	get() record  // only when present
}

// A listSlot is a field that holds a list of objects.
type listSlot interface {
	slot
	reset()       // makes the list present and empty
	grow() record // appends an empty object; valid until the next grow
	count() int
	at(i int) record
}

type recordOf[T any] interface {
	*T
	record
}

type one[T any, P recordOf[T]] struct{ field **T }

func (s one[T, P]) present() bool { return *s.field != nil }
func (s one[T, P]) clear()        { *s.field = nil }
func (s one[T, P]) get() record   { return P(*s.field) }

func (s one[T, P]) open() record {
	*s.field = new(T)
	return P(*s.field)
}

type many[T any, P recordOf[T]] struct{ field *[]T }

func (s many[T, P]) present() bool   { return *s.field != nil }
func (s many[T, P]) clear()          { *s.field = nil }
func (s many[T, P]) reset()          { *s.field = []T{} }
func (s many[T, P]) count() int      { return len(*s.field) }
func (s many[T, P]) at(i int) record { return P(&(*s.field)[i]) }

func (s many[T, P]) grow() record {
	var zero T
	*s.field = append(*s.field, zero)
	return P(&(*s.field)[len(*s.field)-1])
}
