package wire

import "testing"

// kinds has one field of each kind, also of those that no action asks for yet.
type kinds struct {
	Text     *string
	Unsigned *uint64
	Signed   *int64
	Truth    *bool
	Real     *float64
	Below    *kinds
	Texts    []string
	Unsigns  []uint64
	Signs    []int64
	Truths   []bool
	Reals    []float64
	Many     []kinds
}

var shapeOfKinds = Shape{Name: "kinds", Fields: []Field{
	{Name: "Text", Kind: String}, {Name: "Unsigned", Kind: Uint64}, {Name: "Signed", Kind: Int64},
	{Name: "Truth", Kind: Bool}, {Name: "Real", Kind: Float}, {Name: "Below", Kind: Object},
	{Name: "Texts", Kind: String, List: true}, {Name: "Unsigns", Kind: Uint64, List: true}, {Name: "Signs", Kind: Int64, List: true},
	{Name: "Truths", Kind: Bool, List: true}, {Name: "Reals", Kind: Float, List: true}, {Name: "Many", Kind: Object, List: true},
}}

func init() {
	shapeOfKinds.Fields[5].Shape, shapeOfKinds.Fields[11].Shape = &shapeOfKinds, &shapeOfKinds
}

func (k *kinds) shape() *Shape { return &shapeOfKinds }

func (k *kinds) slot(i int) slot {
	return [...]slot{
		scalar[string]{&k.Text}, scalar[uint64]{&k.Unsigned}, scalar[int64]{&k.Signed}, scalar[bool]{&k.Truth}, scalar[float64]{&k.Real},
		one[kinds, *kinds]{&k.Below}, scalars[string]{&k.Texts}, scalars[uint64]{&k.Unsigns}, scalars[int64]{&k.Signs},
		scalars[bool]{&k.Truths}, scalars[float64]{&k.Reals}, many[kinds, *kinds]{&k.Many},
	}[i]
}

var kindsAction = &Action{Name: "Kinds", In: &shapeOfKinds, New: func() any { return new(kinds) }}

const everyKind = `{"Text":"t","Unsigned":1,"Signed":-1,"Truth":true,"Real":-1.5,"Below":{"Text":"u"},"Texts":["a"],"Unsigns":[0,1],` +
	`"Signs":[-1,1],"Truths":[true,false],"Reals":[0,0.25],"Many":[{"Text":"v","Many":[{"Real":2}]},{"Signed":3}]}`

func TestEveryKind(t *testing.T) {
	req, err := kindsAction.DecodeJSON([]byte(everyKind))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(appendRecord(nil, req.(record), nil)); got != everyKind {
		t.Errorf("JSON:\n got %s\nwant %s", got, everyKind)
	}
	req, err = kindsAction.DecodeParams([]Param{
		{"Text", "t"}, {"Unsigned", "1"}, {"Signed", "-1"}, {"Truth", "True"}, {"Real", "-1.5"}, {"Below.Text", "u"}, {"Texts.0", "a"},
		{"Unsigns.0", "0"}, {"Unsigns.1", "1"}, {"Signs.0", "-1"}, {"Signs.1", "1"}, {"Truths.0", "1"}, {"Truths.1", "0"},
		{"Reals.0", "0"}, {"Reals.1", "25e-2"}, {"Many.0.Text", "v"}, {"Many.0.Many.0.Real", "2"}, {"Many.1.Signed", "3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(appendRecord(nil, req.(record), nil)); got != everyKind {
		t.Errorf("text:\n got %s\nwant %s", got, everyKind)
	}
}

// TestKindsRefuse gives each kind a value of another, by JSON and as text.
func TestKindsRefuse(t *testing.T) {
	for _, c := range []struct{ json, name, text string }{
		{`{"Real":"1"}`, "Real", "x"},
		{`{"Real":1e999}`, "Real", "1e999"},
		{`{"Real":true}`, "Real", "0x1p4"},
		{`{"Real":null,"Unsigned":1.5}`, "Unsigned", "1.5"},
		{`{"Signs":[1,"2"]}`, "Signs.1", "0.5"},
		{`{"Truths":[1]}`, "Truths.0", "yes"},
		{`{"Reals":["1"]}`, "Reals.0", "NaN"},
		{`{"Unsigns":[-1]}`, "Unsigns.0", "-1"},
	} {
		if _, err := kindsAction.DecodeJSON([]byte(c.json)); err == nil || err.Code != codeInvalidParameter || err.Param != c.name {
			t.Errorf("%s: got %v", c.json, err)
		}
		params := []Param{{c.name, c.text}}
		if c.name == "Signs.1" {
			params = append(params, Param{"Signs.0", "1"})
		}
		if _, err := kindsAction.DecodeParams(params); err == nil || err.Code != codeInvalidParameter || err.Param != c.name {
			t.Errorf("%s=%s: got %v", c.name, c.text, err)
		}
	}
}

// TestNullClears shows for every kind that a null after a value makes it absent.
func TestNullClears(t *testing.T) {
	for _, f := range shapeOfKinds.Fields {
		value := map[Kind]string{String: `"a"`, Uint64: "1", Int64: "1", Bool: "true", Float: "1", Object: "{}"}[f.Kind]
		if f.List {
			value = "[" + value + "]"
		}
		req, err := kindsAction.DecodeJSON([]byte(`{"` + f.Name + `":` + value + `,"` + f.Name + `":null}`))
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		if got := string(appendRecord(nil, req.(record), nil)); got != "{}" {
			t.Errorf("%s: got %s", f.Name, got)
		}
	}
}

// TestDeepestInput holds the schema's deepest path against the bound of both decoders.
func TestDeepestInput(t *testing.T) {
	name, body := "Many.0.Many.0.Many.0.Texts.0", `{"Many":[{"Many":[{"Many":[{"Texts":["a"]}]}]}]}`
	req, err := kindsAction.DecodeParams([]Param{{name, "a"}})
	if err != nil || string(appendRecord(nil, req.(record), nil)) != body {
		t.Errorf("%s: %v, %v", name, req, err)
	}
	if _, err := kindsAction.DecodeParams([]Param{{"Many.0.Many.0.Many.0.Texts.0.a", "a"}}); err == nil || err.Code != codeUnknownParameter {
		t.Errorf("one deeper: %v", err)
	}
}
