package control

import (
	"iter"
	"slices"
	"strconv"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Filter is one filter of a Describe call: the row matches if it has any of Values.
type Filter struct {
	Name   string
	Values []string
}

// Query is what every Describe call asks: ids or filters, and which page.
type Query struct {
	IDs     []string
	HasIDs  bool // an id list was sent, even an empty one
	Filters []Filter
	Offset  int
	Limit   int // CheckPage fills in the vendor's default of 20
}

// DefaultLimit and MaxLimit are the page sizes of the vendor's list calls.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// source is a set of rows that can be counted and cut without walking it.
type source[R any] struct {
	count func() int
	page  func(offset, limit int) []*R
	all   iter.Seq[*R]
}

// indexed is an index of the store, narrowed to rows with one value.
type indexed[R, Q any] interface {
	Count(r store.Reader, q Q) int
	Page(r store.Reader, q Q, offset, limit int) []*R
	All(r store.Reader, q Q) iter.Seq[*R]
}

func from[R, Q any](r store.Reader, ix indexed[R, Q], q Q) source[R] {
	return source[R]{
		count: func() int { return ix.Count(r, q) },
		page:  func(offset, limit int) []*R { return ix.Page(r, q, offset, limit) },
		all:   ix.All(r, q),
	}
}

// one is a source of at most one row.
func one[R any](row *R) source[R] {
	if row == nil {
		return source[R]{
			count: func() int { return 0 },
			page:  func(int, int) []*R { return nil },
			all:   func(func(*R) bool) {},
		}
	}
	return source[R]{
		count: func() int { return 1 },
		page: func(offset, limit int) []*R {
			if offset > 0 || limit < 1 {
				return nil
			}
			return []*R{row}
		},
		all: func(yield func(*R) bool) { yield(row) },
	}
}

// union joins sources that have no row in common.
func union[R any](parts []source[R]) source[R] {
	if len(parts) == 1 {
		return parts[0]
	}
	return source[R]{
		count: func() int {
			n := 0
			for _, p := range parts {
				n += p.count()
			}
			return n
		},
		page: func(offset, limit int) []*R {
			var out []*R
			for _, p := range parts {
				n := p.count()
				if offset >= n {
					offset -= n
					continue
				}
				out = append(out, p.page(offset, limit-len(out))...)
				offset = 0
				if len(out) >= limit {
					break
				}
			}
			return out
		},
		all: func(yield func(*R) bool) {
			for _, p := range parts {
				for row := range p.all {
					if !yield(row) {
						return
					}
				}
			}
		},
	}
}

// filterRule says how one filter name works. Index, where it exists, finds the rows of
// a value at once. Of one row Value tells the only value it matches, if any; where there
// may be more, Match tells whether it matches one. Shared says that a row can have several
// of the values, so that the index serves a filter with one value only.
type filterRule[R any] struct {
	Index  func(r store.Reader, s vpc.Scope, value string) source[R]
	Value  func(r store.Reader, row *R) (string, bool)
	Match  func(r store.Reader, row *R, value string) bool
	Shared bool
}

// fewValues is how many values are sooner compared one by one than looked up.
const fewValues = 4

// test makes the test of a row for any of some values.
func (f *filterRule[R]) test(r store.Reader, values []string) func(row *R) bool {
	switch {
	case f.Value == nil:
		values = distinct(values)
		return func(row *R) bool {
			return slices.ContainsFunc(values, func(v string) bool { return f.Match(r, row, v) })
		}
	case len(values) <= fewValues:
		return func(row *R) bool {
			v, ok := f.Value(r, row)
			return ok && slices.Contains(values, v)
		}
	}
	wanted := make(map[string]bool, len(values))
	for _, v := range values {
		wanted[v] = true
	}
	return func(row *R) bool {
		v, ok := f.Value(r, row)
		return ok && wanted[v]
	}
}

// distinct returns the values sorted, each once.
func distinct(values []string) []string {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

// listing describes how one noun is listed.
type listing[R any] struct {
	idParam    string // e.g. VpnGatewayIds
	idPrefix   vpc.Prefix
	malformed  vpc.Code
	unknown    vpc.Code // answer to an unknown id; empty: the id is left out
	maxFilters int      // 0: 10
	maxValues  int      // 0: 100
	get        func(r store.Reader, id string) (*R, bool)
	scope      func(*R) vpc.Scope
	all        func(r store.Reader, s vpc.Scope) source[R]
	filters    map[string]filterRule[R]
	// filter finds a rule for a name that is not in filters, such as tag:KEY.
	filter func(name string) (filterRule[R], bool)
}

// list answers a Query: how many rows match, and the page of them.
func (l *listing[R]) list(r store.Reader, s vpc.Scope, q Query) (int, []*R, error) {
	if q.HasIDs && len(q.IDs) > 0 {
		if len(q.Filters) > 0 {
			return 0, nil, vpc.Refuse(vpc.InvalidParameterCoexist, l.idParam, "it cannot be combined with `Filters`", "不能与 `Filters` 同时使用")
		}
		return l.byIDs(r, s, q)
	}
	rules, err := l.rules(q.Filters)
	if err != nil {
		return 0, nil, err
	}
	base, rest := l.base(r, s, q.Filters, rules)
	if len(rest) == 0 {
		return base.count(), base.page(q.Offset, q.Limit), nil
	}
	tests := make([]func(*R) bool, len(rest))
	for n, i := range rest {
		tests[n] = rules[i].test(r, q.Filters[i].Values)
	}
	total, page := 0, []*R(nil)
	for row := range base.all {
		if l.scope(row) != s || !passes(row, tests) {
			continue
		}
		if total >= q.Offset && len(page) < q.Limit {
			page = append(page, row)
		}
		total++
	}
	return total, page, nil
}

func (l *listing[R]) byIDs(r store.Reader, s vpc.Scope, q Query) (int, []*R, error) {
	if len(q.IDs) > MaxLimit {
		return 0, nil, vpc.Refuse(vpc.InvalidParameterValueLimitExceeded, l.idParam, "at most %d ids are allowed", "最多允许 %d 个 ID", MaxLimit)
	}
	var rows []*R
	seen := map[string]bool{}
	for i, id := range q.IDs {
		if !l.idPrefix.Match(id) {
			return 0, nil, vpc.Refuse(l.malformed, l.idParam+"."+strconv.Itoa(i), "`%s` should be %s- and eight lower-case letters or digits", "`%s` 应为 %s- 加八位小写字母或数字", vpc.Clip(id), l.idPrefix)
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		row, ok := l.get(r, id)
		if !ok || l.scope(row) != s {
			if l.unknown != "" {
				return 0, nil, vpc.Refuse(l.unknown, l.idParam+"."+strconv.Itoa(i), "`%s` does not exist", "`%s` 不存在", vpc.Clip(id))
			}
			continue
		}
		rows = append(rows, row)
	}
	total := len(rows)
	lo := min(q.Offset, total)
	hi := min(lo+q.Limit, total)
	return total, rows[lo:hi], nil
}

func (l *listing[R]) rules(filters []Filter) ([]filterRule[R], error) {
	maxFilters, maxValues := l.maxFilters, l.maxValues
	if maxFilters == 0 {
		maxFilters = 10
	}
	if maxValues == 0 {
		maxValues = MaxLimit
	}
	if len(filters) > maxFilters {
		return nil, vpc.Refuse(vpc.InvalidParameterValueLimitExceeded, "Filters", "at most %d filters are allowed", "最多允许 %d 个过滤条件", maxFilters)
	}
	rules := make([]filterRule[R], len(filters))
	for i, f := range filters {
		rule, ok := l.filters[f.Name]
		if !ok && l.filter != nil {
			rule, ok = l.filter(f.Name)
		}
		if !ok {
			return nil, vpc.Refuse(vpc.InvalidParameterFilterInvalidKey, "Filters."+strconv.Itoa(i)+".Name", "`%s` is not a filter of this call", "本接口不支持过滤条件 `%s`", vpc.Clip(f.Name))
		}
		if len(f.Values) > maxValues {
			return nil, vpc.Refuse(vpc.InvalidParameterValueLimitExceeded, "Filters."+strconv.Itoa(i)+".Values", "at most %d values are allowed", "最多允许 %d 个取值", maxValues)
		}
		rules[i] = rule
	}
	return rules, nil
}

// base picks the filter that leaves the fewest rows as the set to walk, and returns
// which filters are still to be tested row by row.
func (l *listing[R]) base(r store.Reader, s vpc.Scope, filters []Filter, rules []filterRule[R]) (source[R], []int) {
	best, bestCount := -1, 0
	var bestSource source[R]
	rest := []int{}
	for i, f := range filters {
		rest = append(rest, i)
		values := distinct(f.Values)
		if rules[i].Index == nil || (rules[i].Shared && len(values) > 1) {
			continue
		}
		parts := []source[R]{}
		for _, v := range values {
			parts = append(parts, rules[i].Index(r, s, v))
		}
		src := union(parts)
		if n := src.count(); best < 0 || n < bestCount {
			best, bestCount, bestSource = i, n, src
		}
	}
	if best < 0 {
		return l.all(r, s), rest
	}
	return bestSource, slices.DeleteFunc(rest, func(i int) bool { return i == best })
}

func passes[R any](row *R, tests []func(*R) bool) bool {
	for _, test := range tests {
		if !test(row) {
			return false
		}
	}
	return true
}

// CheckPage fills in and checks the page of a Query. A nil input was not sent.
func CheckPage(offset, limit *int64) (int, int, error) {
	o, n := int64(0), int64(DefaultLimit)
	if offset != nil {
		o = *offset
	}
	if limit != nil {
		n = *limit
	}
	if o < 0 {
		return 0, 0, vpc.Refuse(vpc.InvalidParameterValueRange, "Offset", "it must not be negative", "不能为负数")
	}
	if n < 0 || n > MaxLimit {
		return 0, 0, vpc.Refuse(vpc.InvalidParameterValueRange, "Limit", "it must lie between 0 and %d", "取值范围为 0 到 %d", MaxLimit)
	}
	return int(min(o, 1<<31)), int(n), nil
}
