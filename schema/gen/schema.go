package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// schema is everything the tables say.
type schema struct {
	services []*service // vpc first: its type names win
	known    []knownGroup
	codes    map[string]string // error code to what it means, empty when the vendor does not say
}

type service struct {
	Service string             `json:"service"`
	Version string             `json:"version"`
	Groups  []group            `json:"groups"` // in the order of the document
	Errors  map[string]string  `json:"errors"`
	Types   map[string]*object `json:"types"`
	Actions map[string]*action `json:"actions"`
}

type group struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

// object is a struct of the wire: a type of a service, a request or a response.
type object struct {
	Usage  string  `json:"usage"` // in, out or both
	Fields []field `json:"fields"`

	goName  string
	request bool
}

type field struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"` // string, uint64, int64, bool, float, object:T, list:string, list:T ...
	Required   bool           `json:"required"`
	Relaxed    string         `json:"relaxed"`  // why a documented requirement is not insisted on
	Optional   string         `json:"optional"` // why a reply may leave it out
	Secret     bool           `json:"secret"`
	Deprecated bool           `json:"deprecated"`
	Filters    []string       `json:"filters"`
	Limits     map[string]any `json:"limits"`

	list   bool
	scalar string  // string, uint64 ..., or empty
	object *object // or nil
}

type action struct {
	Group    string   `json:"group"`
	Served   bool     `json:"served"`
	Write    bool     `json:"write"`
	Sites    []string `json:"sites"`
	Async    bool     `json:"async"`
	Notes    string   `json:"notes"`
	Inferred []string `json:"inferred"`
	Codes    []string `json:"codes"`
	In       []field  `json:"in"`
	Out      []field  `json:"out"`

	service        *service
	name           string
	request, reply *object
}

// knownGroup is one bracketed part of known.txt.
type knownGroup struct {
	heading string
	names   []knownName
}

type knownName struct {
	name string
	intl bool
}

func load(tables fs.FS) (*schema, error) {
	s := &schema{codes: map[string]string{}}
	for _, name := range []string{"vpc", "tag", "sts"} {
		svc, err := loadService(tables, name+".json")
		if err != nil {
			return nil, err
		}
		s.services = append(s.services, svc)
	}
	if err := s.link(); err != nil {
		return nil, err
	}
	if err := s.loadCodes(tables); err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(tables, "known.txt")
	if err != nil {
		return nil, err
	}
	s.known = parseKnown(string(text))
	return s, s.check()
}

func loadService(tables fs.FS, name string) (*service, error) {
	text, err := fs.ReadFile(tables, name)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber() // limits keep the spelling of the table
	svc := &service{}
	if err := dec.Decode(svc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return svc, nil
}

// loadCodes joins the codes of common.json and of every service. The first that
// explains a code wins.
func (s *schema) loadCodes(tables fs.FS) error {
	text, err := fs.ReadFile(tables, "common.json")
	if err != nil {
		return err
	}
	var common struct {
		Errors map[string]string `json:"errors"`
	}
	if err := json.Unmarshal(text, &common); err != nil {
		return fmt.Errorf("common.json: %w", err)
	}
	all := []map[string]string{common.Errors}
	for _, svc := range s.services {
		all = append(all, svc.Errors)
	}
	for _, errs := range all {
		for code, meaning := range errs {
			if s.codes[code] == "" {
				s.codes[code] = meaning
			}
		}
	}
	return nil
}

func parseKnown(text string) []knownGroup {
	var groups []knownGroup
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if heading, ok := strings.CutPrefix(line, "["); ok {
			groups = append(groups, knownGroup{heading: strings.TrimSuffix(heading, "]")})
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		g := &groups[len(groups)-1]
		g.names = append(g.names, knownName{name: strings.TrimSpace(line[1:]), intl: line[0] == '+'})
	}
	return groups
}

// link gives every struct its Go name and every field its object.
func (s *schema) link() error {
	taken := map[string]bool{}
	for _, svc := range s.services {
		for _, name := range slices.Sorted(maps.Keys(svc.Types)) {
			o := svc.Types[name]
			o.goName = name
			if taken[name] {
				o.goName = strings.ToUpper(svc.Service[:1]) + svc.Service[1:] + name
			}
			taken[o.goName] = true
		}
	}
	var errs []error
	for _, svc := range s.services {
		for name, a := range svc.Actions {
			a.service, a.name = svc, name
			a.request = &object{Usage: "in", Fields: a.In, goName: name + "Request", request: true}
			a.reply = &object{Usage: "out", Fields: a.Out, goName: name + "Response"}
			errs = append(errs, svc.linkFields(a.request), svc.linkFields(a.reply))
		}
		for _, o := range svc.Types {
			errs = append(errs, svc.linkFields(o))
		}
	}
	return errors.Join(errs...)
}

var scalars = []string{"string", "uint64", "int64", "bool", "float"}

func (svc *service) linkFields(o *object) error {
	for i := range o.Fields {
		f := &o.Fields[i]
		t := f.Type
		if rest, ok := strings.CutPrefix(t, "list:"); ok {
			f.list, t = true, rest
		}
		if slices.Contains(scalars, t) {
			f.scalar = t
			continue
		}
		t = strings.TrimPrefix(t, "object:")
		if f.object = svc.Types[t]; f.object == nil {
			return fmt.Errorf("%s.%s: no type %q in service %s", o.goName, f.Name, t, svc.Service)
		}
	}
	return nil
}

// check refuses tables that the generated code could not serve.
func (s *schema) check() error {
	var errs []error
	for _, a := range s.actions() {
		if !slices.ContainsFunc(a.service.Groups, func(g group) bool { return g.Name == a.Group }) {
			errs = append(errs, fmt.Errorf("%s: no group %q", a.name, a.Group))
		}
		for _, code := range a.Codes {
			if _, ok := s.codes[code]; !ok {
				errs = append(errs, fmt.Errorf("%s: code %s is in no table", a.name, code))
			}
		}
	}
	for _, o := range s.objects() {
		if o.in() && len(o.Fields) > 64 {
			errs = append(errs, fmt.Errorf("%s: more than 64 input fields", o.goName))
		}
		if o.in() && o.depth(0) > maxDepth {
			errs = append(errs, fmt.Errorf("%s: an input nested too deep", o.goName))
		}
	}
	return errors.Join(errs...)
}

// maxDepth is the bound of the same name in package wire: how many parts the path of an
// input may have.
const maxDepth = 8

// depth counts the parts of the longest path below an object; an object that holds
// itself comes out deeper than any bound.
func (o *object) depth(above int) int {
	deepest := above
	for _, f := range o.Fields {
		at := above + 1
		if f.list {
			at++
		}
		if f.object != nil && at <= maxDepth {
			at = f.object.depth(at)
		}
		deepest = max(deepest, at)
	}
	return deepest
}

func (o *object) in() bool  { return o.Usage != "out" }
func (o *object) out() bool { return o.Usage != "in" }

// insisted says that an input without the field is refused.
func (f field) insisted() bool { return f.Required && f.Relaxed == "" }

// actions lists every action by service, then name.
func (s *schema) actions() []*action {
	var all []*action
	for _, svc := range s.services {
		for _, name := range slices.Sorted(maps.Keys(svc.Actions)) {
			all = append(all, svc.Actions[name])
		}
	}
	return all
}

// types lists every named type by service, then name.
func (s *schema) types() []*object {
	var all []*object
	for _, svc := range s.services {
		for _, name := range slices.Sorted(maps.Keys(svc.Types)) {
			all = append(all, svc.Types[name])
		}
	}
	return all
}

// objects lists every type, request and reply.
func (s *schema) objects() []*object {
	all := s.types()
	for _, a := range s.actions() {
		all = append(all, a.request, a.reply)
	}
	return all
}
