package main

import (
	"fmt"
	"slices"
	"strings"
)

// actionTable emits every action of the tables.
func (s *schema) actionTable(w *source) {
	w.line("// Actions are the actions of the tables, by name.")
	w.line("var Actions = map[string]*Action{")
	for _, a := range s.actions() {
		w.line("\t%q: {", a.name)
		w.line("\t\tService: %q, Version: %q, Name: %q, Group: %q,", a.service.Service, a.service.Version, a.name, a.Group)
		w.line("\t\tWrite: %t, Served: %t, In: &shapeOf%s,", a.Write, a.Served, a.request.goName)
		w.line("\t\tNew: func() any { return new(%s) },", a.request.goName)
		w.line("\t\tReply: func() Encoder { return new(%s) },", a.reply.goName)
		w.words("Filters", a.filters())
		w.words("Codes", a.Codes)
		w.line("\t},")
	}
	w.line("}")
}

func (a *action) filters() []string {
	for _, f := range a.In {
		if len(f.Filters) > 0 {
			return f.Filters
		}
	}
	return nil
}

// words emits a field that is a list of strings, several to a line.
func (w *source) words(name string, list []string) {
	if len(list) == 0 {
		return
	}
	w.line("\t\t%s: []string{", name)
	w.wrapped(list)
	w.line("\t\t},")
}

func (w *source) wrapped(list []string) {
	row := "\t\t\t"
	for _, word := range list {
		if len(row)+len(word) > 120 {
			w.line("%s", strings.TrimRight(row, " "))
			row = "\t\t\t"
		}
		row += fmt.Sprintf("%q, ", word)
	}
	w.line("%s", strings.TrimRight(row, " "))
}

// knownTable emits the sorted names of known.txt.
func (s *schema) knownTable(w *source) {
	var names []string
	for _, g := range s.known {
		for _, n := range g.names {
			names = append(names, n.name)
		}
	}
	slices.Sort(names)
	w.line("// known are the names of every action of the vendor's VPC product, sorted.")
	w.line("var known = []string{")
	w.wrapped(names)
	w.line("}")
}
