package main

import "strconv"

func quote(s string) string { return strconv.Quote(s) }

// encoders emits AppendJSON of every type that is answered.
func (s *schema) encoders(w *source) {
	for _, o := range s.types() {
		if o.out() {
			w.encoder(o)
		}
	}
}

func (w *source) encoder(o *object) {
	w.line("// AppendJSON appends v as a JSON object.")
	if len(o.Fields) == 0 {
		w.line("func (v *%s) AppendJSON(b []byte) []byte { return append(b, \"{}\"...) }\n", o.goName)
		return
	}
	w.line("func (v *%s) AppendJSON(b []byte) []byte {", o.goName)
	w.line("\tb = append(b, '{')")
	sure := false // a field that is always there came before
	for _, f := range o.Fields {
		maybe := !f.list && (o.in() || f.Optional != "")
		if maybe {
			w.line("\tif v.%s != nil {", f.Name)
		}
		if sure {
			w.line("b = append(b, `,%s:`...)", quote(f.Name))
		} else {
			w.line("b = appendKey(b, `%s:`)", quote(f.Name))
		}
		w.line("%s", f.encode(maybe))
		if maybe {
			w.line("\t}")
		}
		sure = sure || !maybe
	}
	w.line("\treturn append(b, '}')\n}\n")
}

var appenders = map[string]string{
	"string": "appendString", "uint64": "appendUint", "int64": "appendInt", "bool": "appendBool", "float": "appendFloat",
}

func (f field) encode(pointer bool) string {
	switch {
	case f.list && f.object != nil:
		return "b = appendObjects(b, v." + f.Name + ")"
	case f.list:
		return "b = appendScalars(b, v." + f.Name + ", " + appenders[f.scalar] + ")"
	case f.object != nil:
		return "b = v." + f.Name + ".AppendJSON(b)"
	case pointer:
		return "b = " + appenders[f.scalar] + "(b, *v." + f.Name + ")"
	}
	return "b = " + appenders[f.scalar] + "(b, v." + f.Name + ")"
}
