package wire_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	tag "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/tag/v20180813"
	vpc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc/v20170312"

	"github.com/gatewright/gatewright/internal/wire"
)

// untyped are the served actions that the typed SDKs used here do not have.
var untyped = []string{"CheckGatewayFlowMonitor", "DescribeRouteList", "DescribeRoutes", "GetCallerIdentity"}

// TestSDKTypes holds every request and reply against the official Go SDK's structs: each
// field of theirs must exist here with the same JSON name and the same JSON kind.
func TestSDKTypes(t *testing.T) {
	clients := map[string]reflect.Type{
		"vpc": reflect.TypeFor[*vpc.Client](),
		"tag": reflect.TypeFor[*tag.Client](),
	}
	var missing []string
	for name, a := range wire.Actions {
		client, ok := clients[a.Service]
		if !ok {
			missing = append(missing, name)
			continue
		}
		call, ok := client.MethodByName(name)
		if !ok {
			missing = append(missing, name)
			continue
		}
		c := comparison{t: t, done: map[[2]reflect.Type]bool{}}
		c.structs(name+" request", reflect.TypeOf(a.New()).Elem(), call.Type.In(1).Elem())
		reply, _ := call.Type.Out(0).Elem().FieldByName("Response")
		c.structs(name+" reply", reflect.TypeOf(a.Reply()).Elem(), reply.Type.Elem())
		if c.fields == 0 {
			t.Errorf("%s: nothing was compared", name)
		}
	}
	if slices.Sort(missing); !slices.Equal(missing, untyped) {
		t.Errorf("not in the SDK: %v, want %v", missing, untyped)
	}
}

// TestSDKTypesRefuses proves that the comparison can fail.
func TestSDKTypesRefuses(t *testing.T) {
	type theirs struct {
		A *string `json:"A,omitempty"`
		B []*struct {
			C *int64 `json:"C"`
		} `json:"B"`
	}
	for name, ours := range map[string]reflect.Type{
		"a field less": reflect.TypeFor[struct {
			A *string `json:"A"`
		}](),
		"a number for text": reflect.TypeFor[struct {
			A uint64 `json:"A"`
			B []struct {
				C int64 `json:"C"`
			} `json:"B"`
		}](),
		"another sign below a list": reflect.TypeFor[struct {
			A string `json:"A"`
			B []struct {
				C uint64 `json:"C"`
			} `json:"B"`
		}](),
	} {
		probe := &recorder{}
		c := comparison{t: probe, done: map[[2]reflect.Type]bool{}}
		c.structs(name, ours, reflect.TypeFor[theirs]())
		if probe.errors == 0 {
			t.Errorf("%s: not noticed", name)
		}
	}
}

type recorder struct{ errors int }

func (r *recorder) Errorf(string, ...any) { r.errors++ }

type comparison struct {
	t      interface{ Errorf(string, ...any) }
	done   map[[2]reflect.Type]bool
	fields int
}

// structs compares ours with theirs, field by field of theirs.
func (c *comparison) structs(path string, ours, theirs reflect.Type) {
	if c.done[[2]reflect.Type{ours, theirs}] {
		return
	}
	c.done[[2]reflect.Type{ours, theirs}] = true
	byName := map[string]reflect.Type{}
	for i := range ours.NumField() {
		byName[jsonName(ours.Field(i))] = ours.Field(i).Type
	}
	for i := range theirs.NumField() {
		f := theirs.Field(i)
		name := jsonName(f)
		if f.Anonymous || name == "RequestId" {
			continue
		}
		c.fields++
		mine, ok := byName[name]
		if !ok {
			c.t.Errorf("%s: no field %s", path, name)
			continue
		}
		c.types(path+"."+name, mine, f.Type)
	}
}

func (c *comparison) types(path string, ours, theirs reflect.Type) {
	ours, theirs = bare(ours), bare(theirs)
	if ours.Kind() != theirs.Kind() {
		c.t.Errorf("%s: %s here, %s in the SDK", path, ours.Kind(), theirs.Kind())
		return
	}
	switch ours.Kind() {
	case reflect.Slice:
		c.types(path+"[]", ours.Elem(), theirs.Elem())
	case reflect.Struct:
		c.structs(path, ours, theirs)
	}
}

func bare(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
