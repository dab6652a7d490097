package main

import "strings"

// shapes emits the schema that decoding follows, for every input.
func (s *schema) shapes(w *source) {
	for _, o := range s.objects() {
		if o.in() {
			w.shape(o)
		}
	}
}

var kinds = map[string]string{
	"string": "String", "uint64": "Uint64", "int64": "Int64", "bool": "Bool", "float": "Float",
}

func (w *source) shape(o *object) {
	var required uint64
	for i, f := range o.Fields {
		if f.insisted() {
			required |= 1 << i
		}
	}
	w.line("var shapeOf%s = Shape{Name: %q, required: %#x, Fields: []Field{", o.goName, o.goName, required)
	for _, f := range o.Fields {
		w.line("\t{%s},", f.literal(o))
	}
	w.line("}}\n")
}

// literal is the field as a composite literal of wire.Field.
func (f field) literal(o *object) string {
	kind := "Object"
	if f.scalar != "" {
		kind = kinds[f.scalar]
	}
	parts := []string{"Name: " + quote(f.Name), "Kind: " + kind}
	add := func(is bool, text string) {
		if is {
			parts = append(parts, text)
		}
	}
	add(f.object != nil, "Shape: &shapeOf"+f.objectName())
	add(f.list, "List: true")
	add(f.insisted(), "Required: true")
	add(f.Secret, "Secret: true")
	add(o.request && (f.Name == "Offset" || f.Name == "Limit"), "Digits: true")
	add(f.isFilter(), "Filter: true")
	return strings.Join(parts, ", ")
}

func (f field) objectName() string {
	if f.object == nil {
		return ""
	}
	return f.object.goName
}

// isFilter says that the field holds name-and-values filters, which have codes of
// their own for a wrong JSON type.
func (f field) isFilter() bool {
	return f.objectName() == "Filter" || f.objectName() == "FilterObject"
}

// slots emits the access by index to every input's fields.
func (s *schema) slots(w *source) {
	for _, o := range s.objects() {
		if !o.in() {
			continue
		}
		w.line("func (v *%s) shape() *Shape { return &shapeOf%s }\n", o.goName, o.goName)
		if len(o.Fields) == 0 {
			w.line("func (v *%s) slot(int) any { return nil }\n", o.goName)
			continue
		}
		w.line("func (v *%s) slot(i int) any {\n\tswitch i {", o.goName)
		for i, f := range o.Fields {
			w.line("\tcase %d:\n\t\treturn %s", i, f.slot())
		}
		w.line("\t}\n\treturn nil\n}\n")
	}
}

func (f field) slot() string {
	switch {
	case f.object == nil:
		return "&v." + f.Name
	case f.list:
		return "many[" + f.objectName() + ", *" + f.objectName() + "]{&v." + f.Name + "}"
	}
	return "one[" + f.objectName() + ", *" + f.objectName() + "]{&v." + f.Name + "}"
}
