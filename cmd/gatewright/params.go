package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/wire"
)

// A paramTree is the inputs of a call, built from Key=Value arguments whose keys are
// paths such as Tags.0.Key. A node is a leaf or has children.
type paramTree struct {
	leaf     *string
	children map[string]*paramTree
	names    []string // of children, in the order given
}

// parseParams makes the JSON of a call's inputs. The shape, nil for an unknown action,
// says of what type each value is; a value that it does not know of is JSON where it
// can be read so and a text otherwise.
func parseParams(shape *wire.Shape, args []string) (json.RawMessage, error) {
	root := &paramTree{children: map[string]*paramTree{}}
	for _, arg := range args {
		path, value, ok := strings.Cut(arg, "=")
		if !ok || path == "" {
			return nil, usageError{fmt.Errorf("%q is not Key=Value", arg)}
		}
		if err := root.put(path, value); err != nil {
			return nil, usageError{err}
		}
	}
	var out bytes.Buffer
	if err := root.object(&out, shape, ""); err != nil {
		return nil, usageError{err}
	}
	return out.Bytes(), nil
}

func (t *paramTree) put(path, value string) error {
	node := t
	for part := range strings.SplitSeq(path, ".") {
		if node.leaf != nil || part == "" {
			return fmt.Errorf("%s does not fit the other arguments", path)
		}
		child := node.children[part]
		if child == nil {
			child = &paramTree{children: map[string]*paramTree{}}
			node.children[part] = child
			node.names = append(node.names, part)
		}
		node = child
	}
	if node.leaf != nil || len(node.names) > 0 {
		return fmt.Errorf("%s is given twice", path)
	}
	node.leaf = &value
	return nil
}

// object writes the children as the fields of an object.
func (t *paramTree) object(out *bytes.Buffer, shape *wire.Shape, path string) error {
	out.WriteByte('{')
	for i, name := range t.names {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(jsonText(name))
		out.WriteByte(':')
		if err := t.children[name].value(out, fieldOf(shape, name), join(path, name)); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

func (t *paramTree) value(out *bytes.Buffer, field *wire.Field, path string) error {
	switch {
	case t.leaf != nil:
		return writeLeaf(out, *t.leaf, field, path)
	case field != nil && field.List || field == nil && t.numbered():
		return t.list(out, field, path)
	case field == nil || field.Kind == wire.Object:
		return t.object(out, shapeOf(field), path)
	}
	return fmt.Errorf("%s takes one value; write %s=VALUE", path, path)
}

// list writes the children 0, 1, 2 ... as the elements of a list.
func (t *paramTree) list(out *bytes.Buffer, field *wire.Field, path string) error {
	if !t.numbered() {
		return fmt.Errorf("%s is a list: write %s.0, %s.1 and so on, without a gap", path, path, path)
	}
	var element *wire.Field
	if field != nil {
		one := *field
		one.List = false
		element = &one
	}
	out.WriteByte('[')
	for i := range t.names {
		if i > 0 {
			out.WriteByte(',')
		}
		name := strconv.Itoa(i)
		if err := t.children[name].value(out, element, join(path, name)); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

// numbered reports whether the children are named 0 to n-1.
func (t *paramTree) numbered() bool {
	for i := range t.names {
		if t.children[strconv.Itoa(i)] == nil {
			return false
		}
	}
	return true
}

func writeLeaf(out *bytes.Buffer, text string, field *wire.Field, path string) error {
	literal := json.Valid([]byte(text))
	switch {
	case field == nil && literal:
		out.WriteString(text)
	case field == nil:
		out.Write(jsonText(text))
	case field.List || field.Kind == wire.Object:
		if !literal || !strings.ContainsAny(text[:1], "[{") {
			return fmt.Errorf("%s holds %s; write %s, or JSON after the =", path, kindName(field), exampleOf(field, path))
		}
		out.WriteString(text)
	case field.Kind == wire.String || !literal:
		out.Write(jsonText(text))
	default:
		out.WriteString(text)
	}
	return nil
}

func kindName(f *wire.Field) string {
	switch {
	case f.List && f.Kind == wire.Object:
		return "a list of objects"
	case f.List:
		return "a list"
	}
	return "an object"
}

func exampleOf(f *wire.Field, path string) string {
	if f.List {
		path += ".0"
	}
	if f.Kind == wire.Object && f.Shape != nil && len(f.Shape.Fields) > 0 {
		path += "." + f.Shape.Fields[0].Name
	}
	return path + "=..."
}

func fieldOf(shape *wire.Shape, name string) *wire.Field {
	if shape == nil {
		return nil
	}
	i := slices.IndexFunc(shape.Fields, func(f wire.Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &shape.Fields[i]
}

func shapeOf(f *wire.Field) *wire.Shape {
	if f == nil {
		return nil
	}
	return f.Shape
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// jsonText quotes a text for JSON and leaves <, > and & as they are.
func jsonText(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}
