package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tag "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/tag/v20180813"
	vpc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc/v20170312"
)

// obj is a JSON object.
type obj = map[string]any

// sendFunc makes one call and returns the inside of Response, or an *apiError.
type sendFunc func(service, action string, params obj) (json.RawMessage, error)

// A caller is one client of the server, with an account of its own.
type caller struct {
	t    *testing.T
	send sendFunc
	// raw: send returns the reply as the server wrote it, so that nulls and absent fields
	// are its own.
	raw bool
}

// tagActions are those of the tag service that the tests call; all others are the VPC's.
var tagActions = []string{
	"AddResourceTag", "CreateTag", "DeleteResourceTag", "DeleteTag", "DescribeResourceTagsByResourceIds", "DescribeTagKeys",
	"DescribeTagValues", "DescribeTags", "GetResources", "ModifyResourceTags", "TagResources", "UnTagResources",
}

func serviceOf(action string) string {
	if slices.Contains(tagActions, action) {
		return "tag"
	}
	return "vpc"
}

// ok makes a call that must succeed.
func (c *caller) ok(action string, params obj) reply {
	c.t.Helper()
	text, err := c.send(serviceOf(action), action, params)
	if err != nil {
		c.t.Fatalf("%s%v: %v", action, compact(params), err)
	}
	return c.read(action, text)
}

// read checks a reply's form.
func (c *caller) read(action string, text json.RawMessage) reply {
	c.t.Helper()
	if err := fits(action, text); err != nil {
		c.t.Errorf("%s: the reply does not fit the vendor's type: %v\n%s", action, err, text)
	}
	r := reply{t: c.t, action: action, raw: c.raw}
	if err := json.Unmarshal(text, &r.v); err != nil {
		c.t.Fatal(err)
	}
	if c.raw {
		noNulls(c.t, action, r.v)
	}
	if id := r.text("RequestId"); len(id) != 36 {
		c.t.Errorf("%s: RequestId is %q", action, id)
	}
	return r
}

// refused makes a call that must fail with a code, seen as the SDK's own error type.
func (c *caller) refused(code, action string, params obj) {
	c.t.Helper()
	text, err := c.send(serviceOf(action), action, params)
	var api *apiError
	switch {
	case err == nil:
		c.t.Errorf("%s%v: want %s, got %s", action, compact(params), code, text)
	case !errors.As(err, &api):
		c.t.Errorf("%s%v: want %s, got %v, which is not the SDK's error type", action, compact(params), code, err)
	case api.Code != code || api.Message == "" || len(api.RequestID) != 36:
		c.t.Errorf("%s%v: want %s, got %+v", action, compact(params), code, *api)
	}
}

// until describes until the reply is as wanted.
func (c *caller) until(what, action string, params obj, wanted func(reply) bool) reply {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		r := c.ok(action, params)
		switch {
		case wanted(r):
			return r
		case time.Now().After(end):
			c.t.Fatalf("%s: not %s after 20 s: %v", action, what, compact(r.v))
		}
		<-time.After(50 * time.Millisecond)
	}
}

// settled makes a call as soon as the change before it is through, which only the
// refusals of the calls after it show.
func (c *caller) settled(action string, params obj) {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		var api *apiError
		_, err := c.send(serviceOf(action), action, params)
		if err == nil {
			return
		}
		if !errors.As(err, &api) || !strings.HasSuffix(api.Code, "InvalidState") {
			c.t.Fatalf("%s%v: %v", action, compact(params), err)
		}
	}
	c.t.Fatalf("%s: refused for 20 s", action)
}

// available waits for one row of a set to be AVAILABLE.
func (c *caller) available(action, idsParam, set, id string) reply {
	c.t.Helper()
	return c.until("AVAILABLE", action, obj{idsParam: []string{id}}, func(r reply) bool {
		rows := r.rows(set)
		if len(rows) != 1 {
			c.t.Fatalf("%s of %s: %d rows", action, id, len(rows))
		}
		return rows[0].text("State") == "AVAILABLE"
	})
}

// gone waits for a set to be empty. An unknown id is no error for gateways; for the
// other kinds it may be one.
func (c *caller) gone(action, idsParam, set, id string) {
	c.t.Helper()
	ask := obj{idsParam: []string{id}}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(50 * time.Millisecond) {
		text, err := c.send("vpc", action, ask)
		var api *apiError
		if errors.As(err, &api) && api.Code == "ResourceNotFound" && action != "DescribeVpnGateways" {
			return
		}
		if err != nil {
			c.t.Fatalf("%s%v: %v", action, compact(ask), err)
		}
		if len(c.read(action, text).rows(set)) == 0 {
			return
		}
	}
	c.t.Fatalf("%s: %s is still there after 20 s", action, id)
}

// fits decodes a reply into the type that the vendor's SDK has for it, which takes no
// number for a text nor the other way round.
func fits(action string, text json.RawMessage) error {
	client := reflect.TypeFor[*vpc.Client]()
	if serviceOf(action) == "tag" {
		client = reflect.TypeFor[*tag.Client]()
	}
	method, ok := client.MethodByName(action)
	if !ok {
		return fmt.Errorf("the SDK has no %s", action)
	}
	envelope := fmt.Sprintf(`{"Response":%s}`, text)
	return json.Unmarshal([]byte(envelope), reflect.New(method.Type.Out(0).Elem()).Interface())
}

// noNulls finds null, which no client of a list or a number expects.
func noNulls(t *testing.T, path string, v any) {
	t.Helper()
	switch x := v.(type) {
	case nil:
		t.Errorf("%s is null", path)
	case map[string]any:
		for k, v := range x {
			noNulls(t, path+"."+k, v)
		}
	case []any:
		for i, v := range x {
			noNulls(t, fmt.Sprintf("%s.%d", path, i), v)
		}
	}
}

// A reply is the inside of Response, or a part of it.
type reply struct {
	t      *testing.T
	action string
	raw    bool
	v      any
}

// get walks a dotted path through objects; nil is what is not there.
func (r reply) get(path string) any {
	v := r.v
	for part := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[part]
	}
	return v
}

func (r reply) text(path string) string {
	r.t.Helper()
	s, ok := r.get(path).(string)
	if !ok {
		r.t.Fatalf("%s: %s is no text but %v in %s", r.action, path, r.get(path), compact(r.v))
	}
	return s
}

func (r reply) number(path string) float64 {
	r.t.Helper()
	n, ok := r.get(path).(float64)
	if !ok {
		r.t.Fatalf("%s: %s is no number but %v in %s", r.action, path, r.get(path), compact(r.v))
	}
	return n
}

// rows are the objects of a list. Typed clients drop an empty list when they print it;
// in a raw reply it must be there.
func (r reply) rows(path string) []reply {
	r.t.Helper()
	list, ok := r.get(path).([]any)
	if !ok && (r.raw || r.get(path) != nil) {
		r.t.Fatalf("%s: %s is no list but %v in %s", r.action, path, r.get(path), compact(r.v))
	}
	var out []reply
	for _, v := range list {
		out = append(out, reply{r.t, r.action, r.raw, v})
	}
	return out
}

// same compares the text, number, boolean or list at a path.
func (r reply) same(path string, want any) {
	r.t.Helper()
	if got := r.get(path); compact(got) != compact(want) {
		r.t.Errorf("%s: %s is %s, want %s", r.action, path, compact(got), compact(want))
	}
}

// tags prints a list of tags, in the VPC's or the tag service's spelling.
func (r reply) tags(path string) string {
	var out []string
	for _, row := range r.rows(path) {
		if row.get("TagKey") != nil {
			out = append(out, row.text("TagKey")+"="+row.text("TagValue"))
		} else {
			out = append(out, row.text("Key")+"="+row.text("Value"))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
