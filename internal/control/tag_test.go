package control_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// tagWalk changes the tags of VPCs and CCNs of two accounts at random, and keeps by hand
// what they should be.
type tagWalk struct {
	*desk
	rnd     *rand.Rand
	callers [2]*control.Caller
	bears   [2]map[string]map[string]string // by account, resource name and key
	known   [2]map[vpc.Tag]bool
}

func (w *tagWalk) tag() vpc.Tag {
	return vpc.Tag{Key: string(rune('a' + w.rnd.IntN(5))), Value: string(rune('1' + w.rnd.IntN(3)))}
}

// tags draws up to three tags with different keys.
func (w *tagWalk) tags() []vpc.Tag {
	byKey := map[string]vpc.Tag{}
	for range w.rnd.IntN(4) {
		t := w.tag()
		byKey[t.Key] = t
	}
	return slices.SortedFunc(maps.Values(byKey), func(a, b vpc.Tag) int { return int(a.Key[0]) - int(b.Key[0]) })
}

func (w *tagWalk) made(i int, name string, tags []vpc.Tag) {
	w.bears[i][name] = map[string]string{}
	w.set(i, name, tags)
}

func (w *tagWalk) set(i int, name string, tags []vpc.Tag) {
	for _, t := range tags {
		w.bears[i][name][t.Key] = t.Value
		w.known[i][t] = true
	}
}

func vpcName(id string) string { return "qcs::vpc:ap-guangzhou:uin/:vpc/" + id }
func ccnName(id string) string { return "qcs::vpc:ap-guangzhou:uin/:ccn/" + id }

func (w *tagWalk) step() {
	i := w.rnd.IntN(2)
	ctx, caller, tags := w.Context(), w.callers[i], w.tags()
	names := slices.Sorted(maps.Keys(w.bears[i]))
	name := "qcs::vpc:ap-guangzhou:uin/:vpc/vpc-nobody00"
	if len(names) > 0 {
		name = names[w.rnd.IntN(len(names))]
	}
	want := "OK"
	if w.bears[i][name] == nil {
		want = "InvalidParameterValue.ResourceDescriptionError"
	}
	switch w.rnd.IntN(7) {
	case 0:
		v, err := w.c.CreateVPC(ctx, caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16", Tags: tags})
		if code(err) == "LimitExceeded" {
			return
		}
		w.must(err)
		w.made(i, vpcName(string(v.ID)), tags)
	case 1:
		c, err := w.c.CreateCCN(ctx, caller, vpc.CCNSpec{Name: "c", Tags: tags})
		if code(err) == "LimitExceeded" {
			return
		}
		w.must(err)
		w.made(i, ccnName(string(c.ID)), tags)
	case 2, 3:
		if len(tags) == 0 {
			return
		}
		got := code(w.c.ModifyResourceTags(ctx, caller, name, tags[1:], []string{tags[0].Key}))
		if got != want {
			w.Fatalf("ModifyResourceTags %s: %s, want %s", name, got, want)
		}
		if want == "OK" {
			w.set(i, name, tags[1:])
			delete(w.bears[i][name], tags[0].Key)
		}
	case 4:
		w.tagMany(i, names, tags)
	case 5:
		t := w.tag()
		err := w.c.DeleteTag(ctx, caller, t)
		if want := w.deletable(i, t); code(err) != want {
			w.Fatalf("DeleteTag %v: %v, want %s", t, err, want)
		}
		delete(w.known[i], t)
		if w.borne(i, t) > 0 {
			w.known[i][t] = true
		}
	case 6:
		w.drop(i, name)
	}
}

func (w *tagWalk) tagMany(i int, names []string, tags []vpc.Tag) {
	if len(tags) == 0 || len(names) == 0 {
		return
	}
	some := names[:1+w.rnd.IntN(min(len(names), vpc.MaxResourcesPerCall))]
	failed, err := w.c.TagResources(w.Context(), w.callers[i], some, tags)
	w.must(err)
	if len(failed) > 0 {
		w.Fatalf("%+v", failed)
	}
	for _, n := range some {
		w.set(i, n, tags)
	}
}

func (w *tagWalk) drop(i int, name string) {
	resource, ok := vpc.ParseResourceName(name)
	if !ok || w.bears[i][name] == nil {
		return
	}
	if resource.Prefix == "ccn" {
		w.must(w.c.DeleteCCN(w.Context(), w.callers[i], resource.ID))
	} else {
		w.must(w.c.DeleteVPC(w.Context(), w.callers[i], resource.ID))
	}
	delete(w.bears[i], name)
}

func (w *tagWalk) borne(i int, t vpc.Tag) int {
	n := 0
	for _, tags := range w.bears[i] {
		if v, ok := tags[t.Key]; ok && v == t.Value {
			n++
		}
	}
	return n
}

func (w *tagWalk) deletable(i int, t vpc.Tag) string {
	switch {
	case !w.known[i][t]:
		return "ResourceNotFound.TagNonExist"
	case w.borne(i, t) > 0:
		return "FailedOperation.TagAttachedResource"
	}
	return "OK"
}

// check compares every list with what was kept by hand.
func (w *tagWalk) check() {
	for i, caller := range w.callers {
		w.checkKnown(i, caller)
		w.checkBearers(i, caller)
		for range 3 {
			w.checkFilter(i, caller)
		}
	}
}

func (w *tagWalk) checkKnown(i int, caller *control.Caller) {
	total, tags, err := w.c.Tags(w.Context(), caller, control.TagQuery{Limit: 1000})
	w.must(err)
	if total != len(w.known[i]) || len(tags) != total {
		w.Fatalf("%d tags, %d on the page, %d by hand", total, len(tags), len(w.known[i]))
	}
	keys := map[string]bool{}
	for _, t := range tags {
		if !w.known[i][t.Tag] || t.Borne != (w.borne(i, t.Tag) > 0) {
			w.Fatalf("%+v", t)
		}
		keys[t.Key] = true
	}
	_, list, err := w.c.TagKeys(w.Context(), caller, control.TagQuery{Limit: 1000})
	w.must(err)
	if !slices.Equal(list, slices.Sorted(maps.Keys(keys))) {
		w.Fatalf("keys %v, by hand %v", list, keys)
	}
}

// checkBearers pages through everything that bears a tag.
func (w *tagWalk) checkBearers(i int, caller *control.Caller) {
	found, q := 0, control.TaggedQuery{Limit: 2}
	for {
		rows, next, err := w.c.TaggedResources(w.Context(), caller, q)
		w.must(err)
		for _, t := range rows {
			found++
			name := vpc.ResourceName{Region: "ap-guangzhou", Resource: t.Resource}.String()
			by := w.bears[i]["qcs::vpc:ap-guangzhou:uin/:"+t.Prefix+"/"+t.ID]
			if len(by) != len(t.Tags) || len(by) == 0 {
				w.Fatalf("%s bears %v, by hand %v", name, t.Tags, by)
			}
			for _, tag := range t.Tags {
				if by[tag.Key] != tag.Value {
					w.Fatalf("%s bears %v, by hand %v", name, t.Tags, by)
				}
			}
		}
		if q.Token = next; next == "" {
			break
		}
	}
	want := 0
	for _, tags := range w.bears[i] {
		if len(tags) > 0 {
			want++
		}
	}
	if found != want {
		w.Fatalf("%d resources bear tags, by hand %d", found, want)
	}
}

// checkFilter holds the tag filters of DescribeVpcs and DescribeCcns, and those of
// GetResources, against a count by hand.
func (w *tagWalk) checkFilter(i int, caller *control.Caller) {
	a, b := w.tag(), w.tag()
	var vpcs, ccns, both int
	for name, tags := range w.bears[i] {
		_, hasA := tags[a.Key]
		v, hasB := tags[b.Key]
		if !hasA || !hasB || (v != b.Value && v != "1") {
			continue
		}
		both++
		if resource, _ := vpc.ParseResourceName(name); resource.Prefix == "ccn" {
			ccns++
		} else {
			vpcs++
		}
	}
	q := control.Query{Limit: 100, Filters: []control.Filter{
		{Name: "tag-key", Values: []string{a.Key, a.Key}}, {Name: "tag:" + b.Key, Values: []string{b.Value, "1"}},
	}}
	gotVPCs, _, err := w.c.VPCs(w.Context(), caller, q)
	w.must(err)
	gotCCNs, _, err := w.c.CCNs(w.Context(), caller, q, control.Order{})
	w.must(err)
	rows := 0
	if a.Key != b.Key {
		found, _, err := w.c.TaggedResources(w.Context(), caller, control.TaggedQuery{Limit: 200, Filters: []control.TagFilter{{Key: a.Key}, {Key: b.Key, Values: []string{"1", b.Value}}}})
		w.must(err)
		rows = len(found)
	} else {
		rows = both
	}
	if gotVPCs != vpcs || gotCCNs != ccns || rows != both {
		w.Fatalf("filters %v: %d VPCs, %d CCNs, %d in all; by hand %d, %d, %d", q.Filters, gotVPCs, gotCCNs, rows, vpcs, ccns, both)
	}
}

func TestTagWalk(t *testing.T) {
	for seed := range uint64(10) {
		atDesk(t, func(d *desk) {
			w := &tagWalk{desk: d, rnd: rand.New(rand.NewPCG(seed, 2))}
			for i := range w.callers {
				a, _ := d.account(fmt.Sprintf("a%d", i))
				w.callers[i] = &control.Caller{Account: a.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", RequestID: "r"}
				w.bears[i], w.known[i] = map[string]map[string]string{}, map[vpc.Tag]bool{}
			}
			for range 300 {
				w.step()
				w.check()
			}
		})
	}
}

// TestManyTagKeys counts keys among many values.
func TestManyTagKeys(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("a")
		b, _ := d.account("b")
		for k := range 50 {
			d.must(ignore(d.st.Update(d.Context(), func(tx *store.Tx) error {
				for v := range 20 {
					tag := vpc.Tag{Key: fmt.Sprintf("k%d", k), Value: fmt.Sprint(v)}
					store.TagPairs.Put(tx, &vpc.TagPair{Account: a.ID, Tag: tag, Created: tx.Now()})
				}
				store.TagPairs.Put(tx, &vpc.TagPair{Account: b.ID, Created: tx.Now()})
				return nil
			})))
		}
		keys := 50
		d.must(ignore(d.c.SetAccount(d.Context(), d.op, a.ID, control.AccountChange{TagKeys: &keys})))
		caller := &control.Caller{Account: a.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou", RequestID: "r"}
		total, page, err := d.c.TagKeys(d.Context(), caller, control.TagQuery{Offset: 48, Limit: 5})
		d.must(err)
		if total != 50 || len(page) != 2 {
			t.Errorf("%d keys, %d on the last page", total, len(page))
		}
		_, err = d.c.CreateVPC(d.Context(), caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16", Tags: []vpc.Tag{{Key: "k1", Value: "new"}}})
		d.must(err)
		_, err = d.c.CreateVPC(d.Context(), caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16", Tags: []vpc.Tag{{Key: "k50", Value: "new"}}})
		if code(err) != "LimitExceeded.TagKeyExceeded" {
			t.Errorf("the 51st key: %v", err)
		}
	})
}

func ignore[T any](_ T, err error) error { return err }
