package main

import "fmt"

// structs emits the named types.
func (s *schema) structs(w *source) {
	for _, o := range s.types() {
		w.structType(o, fmt.Sprintf("%s is the vendor's object of that name (%s).", o.goName, usages[o.Usage]))
	}
}

var usages = map[string]string{
	"in":   "input",
	"out":  "output",
	"both": "input and output",
}

// requests emits one struct for the input of every action.
func (s *schema) requests(w *source) {
	for _, a := range s.actions() {
		w.structType(a.request, fmt.Sprintf("%s is the input of %s.", a.request.goName, a.name))
	}
}

// replies emits one struct, with its encoder, for the output of every action.
func (s *schema) replies(w *source) {
	for _, a := range s.actions() {
		w.structType(a.reply, fmt.Sprintf("%s is the output of %s, without RequestId.", a.reply.goName, a.name))
		w.encoder(a.reply)
	}
}

func (w *source) structType(o *object, comment string) {
	w.line("// %s", comment)
	if len(o.Fields) == 0 {
		w.line("type %s struct{}\n", o.goName)
		return
	}
	w.line("type %s struct {", o.goName)
	for _, f := range o.Fields {
		w.line("\t%s %s `json:%q`%s", f.Name, f.goType(o), f.tag(o), f.remark(o))
	}
	w.line("}\n")
}

// goType spells the rule of package wire: inputs are pointers, since absent differs
// from zero; outputs are plain values, since they are always there.
func (f field) goType(o *object) string {
	t := f.goScalar()
	if f.object != nil {
		t = f.object.goName
	}
	switch {
	case f.list:
		return "[]" + t
	case o.in() || f.Optional != "":
		return "*" + t
	}
	return t
}

func (f field) goScalar() string {
	if f.scalar == "float" {
		return "float64"
	}
	return f.scalar
}

func (f field) tag(o *object) string {
	if o.Usage == "in" || !f.list && o.Usage == "both" || f.Optional != "" {
		return f.Name + ",omitempty"
	}
	return f.Name
}

func (f field) remark(o *object) string {
	switch {
	case o.in() && f.insisted():
		return " // required"
	case o.in() && f.Relaxed != "":
		return " // documented as required; " + f.Relaxed
	case f.Optional != "":
		return " // " + f.Optional
	case f.Deprecated:
		return " // deprecated by the vendor, still accepted"
	}
	return ""
}
