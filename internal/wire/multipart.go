package wire

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strconv"
	"unicode/utf8"
)

// maxFlattenDepth bounds the nesting of a JSON part; the deepest input of the API is
// five levels down.
const maxFlattenDepth = 32

// ParseMultipart reads a multipart/form-data body into the same flat inputs as a form.
// contentType is the header with its boundary. A part of type application/json (the
// Python SDK sends lists and objects so) is flattened as the SDKs flatten a form, with
// empty lists and nulls left out. Every error is a *Malformed.
func ParseMultipart(contentType string, body []byte) (Params, error) {
	kind, args, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || args["boundary"] == "" {
		return nil, &Malformed{EN: "the content type names no multipart boundary", ZH: "Content-Type 没有 multipart 分隔符"}
	}
	var params Params
	r := multipart.NewReader(bytes.NewReader(body), args["boundary"])
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return params, params.unique()
		}
		if err != nil {
			return nil, notMultipart(err)
		}
		if params, err = appendPart(params, part); err != nil {
			return nil, err
		}
		if len(params) > MaxParams {
			return nil, tooManyParams()
		}
	}
}

func notMultipart(err error) error {
	return &Malformed{EN: fmt.Sprintf("the body is not multipart: %v", err), ZH: fmt.Sprintf("请求体不是 multipart：%v", err)}
}

func appendPart(params Params, part *multipart.Part) (Params, error) {
	name := part.FormName()
	if name == "" || !utf8.ValidString(name) {
		return nil, &Malformed{EN: "a part of the body has no name", ZH: "请求体中有一部分没有名称"}
	}
	value, err := io.ReadAll(part)
	if err != nil {
		return nil, notMultipart(err)
	}
	if !utf8.Valid(value) {
		return nil, &Malformed{quotable(name), "it is not UTF-8", "不是 UTF-8"}
	}
	if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind != "application/json" {
		return append(params, Param{Name: name, Value: string(value)}), nil
	}
	return flattenJSON(params, name, value)
}

// flattenJSON appends the leaves of a JSON text under their dotted paths.
func flattenJSON(params Params, name string, text []byte) (Params, error) {
	f := flattener{reader: reader{text: text}, params: params}
	if !f.value(name, 0) || f.peek() != 0 || f.at != len(text) {
		return nil, &Malformed{quotable(name), "it is not one JSON value, or is too deep or too large", "不是单个 JSON 值，或嵌套过深、过大"}
	}
	return f.params, nil
}

type flattener struct {
	reader
	params Params
}

// value reads the value that starts here; it returns false when it cannot.
func (f *flattener) value(path string, depth int) bool {
	if depth > maxFlattenDepth || len(f.params) > MaxParams {
		return false
	}
	switch c := f.peek(); {
	case c == '{':
		return f.members(path, depth)
	case c == '[':
		return f.elements(path, depth)
	case c == '"':
		s, clean, ok := f.str()
		return ok && clean && f.leaf(path, string(s))
	case isNumber(c):
		text, _, ok := f.number()
		return ok && f.leaf(path, string(text))
	case f.word("true"):
		return f.leaf(path, "true")
	case f.word("false"):
		return f.leaf(path, "false")
	}
	return f.word("null")
}

func (f *flattener) leaf(path, value string) bool {
	f.params = append(f.params, Param{Name: path, Value: value})
	return true
}

func (f *flattener) members(path string, depth int) bool {
	f.at++
	for first := true; ; first = false {
		more, ok := f.next(first, '}')
		if !ok || !more {
			return ok
		}
		name, ok := f.key()
		if !ok || !f.value(path+"."+string(name), depth+1) {
			return false
		}
	}
}

func (f *flattener) elements(path string, depth int) bool {
	f.at++
	for n := 0; ; n++ {
		more, ok := f.next(n == 0, ']')
		if !ok || !more {
			return ok
		}
		if !f.value(path+"."+strconv.Itoa(n), depth+1) {
			return false
		}
	}
}
