package api

import (
	"errors"
	"strconv"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// Words that many nouns share, from the wire's to the domain's and back.

// text is a string input; absent is empty.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// number is a numeric or boolean input; absent is the zero value.
func number[T uint64 | int64 | bool](n *T) T {
	if n == nil {
		var zero T
		return zero
	}
	return *n
}

func tagsIn(in []wire.Tag) []vpc.Tag {
	tags := make([]vpc.Tag, len(in))
	for i, t := range in {
		tags[i] = vpc.Tag{Key: text(t.Key), Value: text(t.Value)}
	}
	return tags
}

func tagsOut(tags []vpc.Tag) []wire.Tag {
	out := make([]wire.Tag, len(tags))
	for i := range tags {
		out[i] = wire.Tag{Key: &tags[i].Key, Value: &tags[i].Value}
	}
	return out
}

func filters(in []wire.Filter) []control.Filter {
	out := make([]control.Filter, len(in))
	for i, f := range in {
		out[i] = control.Filter{Name: text(f.Name), Values: f.Values}
	}
	return out
}

func filterObjects(in []wire.FilterObject) []control.Filter {
	out := make([]control.Filter, len(in))
	for i, f := range in {
		out[i] = control.Filter{Name: text(f.Name), Values: f.Values}
	}
	return out
}

// query makes the Query of a Describe call from its ids, filters and page.
func query[N uint64 | int64](ids []string, filters []control.Filter, offset, limit *N) (control.Query, error) {
	o, n, err := control.CheckPage(signed(offset), signed(limit))
	return control.Query{IDs: ids, HasIDs: ids != nil, Filters: filters, Offset: o, Limit: n}, err
}

// textQuery is query for the calls whose page is asked for in texts; an empty text is
// an absent one.
func textQuery(ids []string, filters []control.Filter, offset, limit *string) (control.Query, error) {
	o, err := digits("Offset", offset)
	if err != nil {
		return control.Query{}, err
	}
	n, err := digits("Limit", limit)
	if err != nil {
		return control.Query{}, err
	}
	return query(ids, filters, o, n)
}

// digits reads a number that travels as text; one that is out of the range of int64 is
// taken for the largest or least.
func digits(param string, s *string) (*int64, error) {
	if s == nil || *s == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(*s, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, vpc.Refuse(vpc.InvalidParameterValueMalformed, param, "`%s` is not a number", "`%s` 不是数字", vpc.Clip(*s))
	}
	return &n, nil
}

// signed keeps a number that does not fit out of every legal range.
func signed[N uint64 | int64](n *N) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	if *n > 0 && v < 0 {
		v = 1<<63 - 1
	}
	return &v
}
