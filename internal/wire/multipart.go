package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxFlattenDepth bounds the nesting of a JSON part; the deepest input of the API is
// five levels down.
const maxFlattenDepth = 32

// ParseMultipart reads a multipart/form-data body into the same flat inputs as a form.
// contentType is the header with its boundary. A part of type application/json (the
// Python SDK sends lists and objects so) is flattened as the SDKs flatten a form, with
// empty lists and nulls left out. Every error wraps ErrMalformed.
func ParseMultipart(contentType string, body []byte) (Params, error) {
	kind, args, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || args["boundary"] == "" {
		return nil, fmt.Errorf("%w: the content type names no multipart boundary", ErrMalformed)
	}
	var params Params
	r := multipart.NewReader(bytes.NewReader(body), args["boundary"])
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return params, params.unique()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: multipart: %v", ErrMalformed, err)
		}
		if params, err = appendPart(params, part); err != nil {
			return nil, err
		}
		if len(params) > MaxParams {
			return nil, fmt.Errorf("%w: more than %d parameters", ErrMalformed, MaxParams)
		}
	}
}

func appendPart(params Params, part *multipart.Part) (Params, error) {
	name := part.FormName()
	if name == "" || !utf8.ValidString(name) {
		return nil, fmt.Errorf("%w: a part has no name", ErrMalformed)
	}
	value, err := io.ReadAll(part)
	if err != nil {
		return nil, fmt.Errorf("%w: multipart: %v", ErrMalformed, err)
	}
	if !utf8.Valid(value) {
		return nil, fmt.Errorf("%w: the part %q is not UTF-8", ErrMalformed, name)
	}
	if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind != "application/json" {
		return append(params, Param{Name: name, Value: string(value)}), nil
	}
	return flattenJSON(params, name, value)
}

func flattenJSON(params Params, name string, text []byte) (Params, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, fmt.Errorf("%w: the part %q is not JSON", ErrMalformed, name)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: the part %q holds more than one JSON value", ErrMalformed, name)
	}
	return flatten(params, name, tree, 0)
}

// flatten appends the leaves of a decoded JSON value under their dotted paths.
func flatten(params Params, path string, v any, depth int) (Params, error) {
	if depth > maxFlattenDepth || len(params) > MaxParams {
		return nil, fmt.Errorf("%w: the part %q is nested too deep or too large", ErrMalformed, path)
	}
	var err error
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if params, err = flatten(params, path+"."+key, v[key], depth+1); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, child := range v {
			if params, err = flatten(params, path+"."+strconv.Itoa(i), child, depth+1); err != nil {
				return nil, err
			}
		}
	case string:
		params = append(params, Param{Name: path, Value: v})
	case json.Number:
		params = append(params, Param{Name: path, Value: v.String()})
	case bool:
		params = append(params, Param{Name: path, Value: strconv.FormatBool(v)})
	}
	return params, nil
}
