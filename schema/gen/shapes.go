package main

import (
	"fmt"
	"strings"
)

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
	add(f.isFilter(o), "Filter: true")
	return strings.Join(parts, ", ")
}

func (f field) objectName() string {
	if f.object == nil {
		return ""
	}
	return f.object.goName
}

// isFilter says that the field is a list of name-and-values filters, or the values of
// one; a wrong JSON type has a code of its own there.
func (f field) isFilter(o *object) bool {
	return f.list && (isFilterName(f.objectName()) || isFilterName(o.goName))
}

func isFilterName(name string) bool { return name == "Filter" || name == "FilterObject" }

// records emits what makes an input struct a record: its shape and the access to its
// fields by index; and AppendJSON, by shape, of what is asked only.
func (s *schema) records(w *source) {
	for _, o := range s.objects() {
		if !o.in() {
			continue
		}
		if !o.out() {
			w.line("// AppendJSON appends v as a JSON object; absent fields are left out.")
			w.line("func (v *%s) AppendJSON(b []byte) []byte { return appendRecord(b, v, nil) }\n", o.goName)
		}
		w.line("func (v *%s) shape() *Shape { return &shapeOf%s }\n", o.goName, o.goName)
		if len(o.Fields) == 0 {
			w.line("func (v *%s) slot(int) slot { return nil }\n", o.goName)
			continue
		}
		w.line("func (v *%s) slot(i int) slot {\n\tswitch i {", o.goName)
		for i, f := range o.Fields {
			w.line("\tcase %d:\n\t\treturn %s", i, f.slot())
		}
		w.line("\t}\n\treturn nil\n}\n")
	}
}

// slot is the access to one field as an expression.
func (f field) slot() string {
	t := f.objectName()
	switch {
	case f.object != nil && f.list:
		return fmt.Sprintf("many[%s, *%s]{&v.%s}", t, t, f.Name)
	case f.object != nil:
		return fmt.Sprintf("one[%s, *%s]{&v.%s}", t, t, f.Name)
	case f.list:
		return fmt.Sprintf("scalars[%s]{&v.%s}", f.goScalar(), f.Name)
	}
	return fmt.Sprintf("scalar[%s]{&v.%s}", f.goScalar(), f.Name)
}
