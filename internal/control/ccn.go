package control

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// CCNView is a CCN as its owner sees it at one moment.
type CCNView struct {
	*vpc.CCN
	Tags      []vpc.Tag
	Instances int // attached and active
}

func (c *Control) ccnView(r store.Reader, ccn *vpc.CCN, now vpc.Instant) CCNView {
	return CCNView{CCN: ccn, Tags: tagsOf(r, ccnResource(ccn.ID)), Instances: attachmentsIn(r, ccn.ID, vpc.AttachmentActive, now)}
}

func ccnResource(id vpc.CCNID) vpc.Resource {
	return vpc.Resource{Prefix: string(vpc.PrefixCCN), ID: string(id)}
}

// ownCCN finds a CCN of an account; nil stands for "no such CCN of yours".
func ownCCN(r store.Reader, id vpc.AccountID, ccn vpc.CCNID) *vpc.CCN {
	row, ok := store.CCNs.Get(r, ccn)
	if !ok || row.Account != id {
		return nil
	}
	return row
}

// findCCN finds one of the caller's CCNs.
func findCCN(r store.Reader, caller *Caller, id string) (*vpc.CCN, error) {
	if err := vpc.CheckID(vpc.PrefixCCN, "CcnId", id, caller.Codes); err != nil {
		return nil, err
	}
	ccn := ownCCN(r, caller.Account, vpc.CCNID(id))
	if ccn == nil {
		return nil, vpc.NotFound(vpc.PrefixCCN, "CcnId", id, caller.Codes)
	}
	return ccn, nil
}

// CreateCCN makes a CCN with its default route table.
func (c *Control) CreateCCN(ctx context.Context, caller *Caller, spec vpc.CCNSpec) (CCNView, error) {
	if err := spec.Check(caller.Codes); err != nil {
		return CCNView{}, err
	}
	var out CCNView
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		have, limit := store.CCNsByAccount.Count(tx, acct.ID), quota(tx, acct.ID, vpc.QuotaCCNs)
		if refused := vpc.OverQuota(vpc.LimitExceeded, "", vpc.QuotaCCNs, have, limit); refused != nil {
			return refused
		}
		ccn := newCCN(tx, caller.Global(), spec)
		if err := c.tagNew(tx, acct, ccn.Scope, ccnResource(ccn.ID), spec.Tags, ccn.Created, caller.Codes); err != nil {
			return err
		}
		if refused := mayBuyCCN(acct); refused != nil {
			return refused
		}
		store.CCNs.Put(tx, ccn)
		out = c.ccnView(tx, ccn, tx.Now())
		return nil
	})
	return out, err
}

func newCCN(tx *store.Tx, scope vpc.Scope, spec vpc.CCNSpec) *vpc.CCN {
	return &vpc.CCN{
		ID: newID(tx, store.CCNs, vpc.PrefixCCN), Scope: scope, Name: spec.Name, Description: spec.Description,
		QoS: spec.QoS, Charge: spec.Charge, Metering: spec.Metering, BandwidthLimit: spec.BandwidthLimit,
		RouteTable: vpc.NewID[string](vpc.PrefixCCNRouteTable, tx.Rand().Uint64), Created: tx.Now(),
	}
}

// mayBuyCCN looks at the account: a CCN by itself costs nothing, but an account in debt
// gets no new one.
func mayBuyCCN(acct *vpc.Account) *vpc.Error {
	if !acct.Verified {
		return vpc.Refuse(vpc.UnauthorizedOperationNoRealNameAuthentication, "", "the account has no real-name authentication", "账号未完成实名认证")
	}
	if acct.Balance < 0 {
		return vpc.Refuse(vpc.UnsupportedOperationInsufficientFunds, "", "the account's balance is negative", "账号余额不足")
	}
	return nil
}

// maxRequestsGone is how many requests may go with a CCN: what one transaction takes.
const maxRequestsGone = 100

// DeleteCCN deletes a CCN that nothing is attached to. Requests to attach go with it.
func (c *Control) DeleteCCN(ctx context.Context, caller *Caller, id string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		ccn, err := findCCN(tx, caller, id)
		if err != nil {
			return err
		}
		if n := attachmentsIn(tx, ccn.ID, vpc.AttachmentActive, tx.Now()); n > 0 {
			return vpc.Refuse(vpc.UnsupportedOperationExistCcnInstancesNotSupportDeleteCcn, "CcnId", "%d instances are attached to it", "云联网仍关联 %d 个实例", n)
		}
		if n := store.AttachmentsByCCN.Count(tx, ccn.ID); n > maxRequestsGone {
			return vpc.Refuse(vpc.UnsupportedOperationExistCcnInstancesNotSupportDeleteCcn, "CcnId", "%d requests to attach stand open; detach them first", "云联网有 %d 个关联申请，请先解除", n)
		}
		for a := range store.AttachmentsByCCN.All(tx, ccn.ID) {
			store.Attachments.Delete(tx, attachmentKey(a))
		}
		untag(tx, ccnResource(ccn.ID))
		store.CCNs.Delete(tx, ccn.ID)
		return nil
	})
}

// ModifyCCN changes a CCN. Overlapping routes that are enabled keep its overlap flag on.
func (c *Control) ModifyCCN(ctx context.Context, caller *Caller, id string, change vpc.CCNChange) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		old, err := findCCN(tx, caller, id)
		if err != nil {
			return err
		}
		ccn := *old
		if refused := change.Apply(&ccn, caller.Codes); refused != nil {
			return refused
		}
		if old.Overlap && !ccn.Overlap && !vpc.KeepsRoutes(old, &ccn, ccnMembers(tx, old, tx.Now())) {
			return vpc.Refuse(vpc.UnsupportedOperationCcnRouteOverlapFlagDisableNotSupported, "RouteOverlapFlag",
				"routes that overlap are enabled; disable them first", "存在已启用的重叠路由，请先禁用")
		}
		store.CCNs.Put(tx, &ccn)
		return nil
	})
}

// LimitCCN changes how a CCN limits bandwidth.
func (c *Control) LimitCCN(ctx context.Context, caller *Caller, id, limit string) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		old, err := findCCN(tx, caller, id)
		if err != nil {
			return err
		}
		ccn := *old
		kind, refused := ccn.CheckLimitType(limit, caller.Codes)
		if refused != nil {
			return refused
		}
		ccn.BandwidthLimit = kind
		store.CCNs.Put(tx, &ccn)
		return nil
	})
}

// ccns lists CCNs. They belong to no region.
var ccns = listing[vpc.CCN]{
	idParam: "CcnIds", idPrefix: vpc.PrefixCCN, malformed: vpc.InvalidParameterValueMalformed, unknown: vpc.ResourceNotFound,
	get:   getCCN,
	scope: func(c *vpc.CCN) vpc.Scope { return c.Scope },
	all: func(r store.Reader, s vpc.Scope) source[vpc.CCN] {
		return from(r, store.CCNsByAccount, s.Account)
	},
	filters: map[string]filterRule[vpc.CCN]{
		"ccn-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.CCN] {
				return one(ownCCN(r, s.Account, vpc.CCNID(v)))
			},
			Value: func(_ store.Reader, c *vpc.CCN) (string, bool) { return string(c.ID), true },
		},
		"ccn-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.CCN] {
				return from(r, store.CCNsByName, store.OwnedBy(s.Account, v))
			},
			Value: func(_ store.Reader, c *vpc.CCN) (string, bool) { return c.Name, true },
		},
		"ccn-description": {Value: func(_ store.Reader, c *vpc.CCN) (string, bool) { return c.Description, true }},
		"state":           {Match: func(_ store.Reader, _ *vpc.CCN, v string) bool { return v == vpc.CCNAvailable }},
	},
	filter: tagFilter(vpc.PrefixCCN, getCCN, func(c *vpc.CCN) string { return string(c.ID) }),
}

func getCCN(r store.Reader, id string) (*vpc.CCN, bool) { return store.CCNs.Get(r, vpc.CCNID(id)) }

// Order says how a list is sorted; an empty field is the call's own order.
type Order struct{ Field, Direction string }

// sorting is how one call may be asked to sort, the usual way first.
type sorting[R any] []sortField[R]

type sortField[R any] struct {
	name string
	by   func(a, b *R) int
}

// sort sorts rows that stand in the order of their making. codes decide how an unknown
// field or direction is refused.
func (s sorting[R]) sort(rows []*R, o Order, codes vpc.Listed) error {
	if o.Direction != "" && o.Direction != "ASC" && o.Direction != "DESC" {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValue, vpc.InvalidParameter, vpc.InvalidParameterValueRange), "OrderDirection",
			"`%s` is neither ASC nor DESC", "`%s` 既不是 ASC 也不是 DESC", vpc.Clip(o.Direction))
	}
	by := s[0].by
	if o.Field != "" {
		at := slices.IndexFunc(s, func(f sortField[R]) bool { return f.name == o.Field })
		if at < 0 {
			return vpc.Refuse(codes.Pick(vpc.InvalidParameterValue, vpc.InvalidParameter, vpc.InvalidParameterValueRange), "OrderField",
				"this call does not sort by `%s`", "不支持按 `%s` 排序", vpc.Clip(o.Field))
		}
		by = s[at].by
	}
	slices.SortStableFunc(rows, by)
	if o.Direction == "DESC" {
		slices.Reverse(rows)
	}
	return nil
}

var ccnOrders = sorting[vpc.CCN]{
	{"CreateTime", func(a, b *vpc.CCN) int { return cmp.Compare(a.Created, b.Created) }},
	{"CcnId", func(a, b *vpc.CCN) int { return cmp.Compare(a.ID, b.ID) }},
	{"CcnName", func(a, b *vpc.CCN) int { return strings.Compare(a.Name, b.Name) }},
	{"State", func(a, b *vpc.CCN) int { return 0 }},
	{"QosLevel", func(a, b *vpc.CCN) int { return strings.Compare(a.QoS, b.QoS) }},
}

// everything asks for all rows at once, to sort them before a page is cut.
const everything = 1<<31 - 1

// CCNs lists the caller's CCNs.
func (c *Control) CCNs(ctx context.Context, caller *Caller, q Query, order Order) (int, []CCNView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	all := q
	all.Offset, all.Limit = 0, everything
	total, rows, err := ccns.list(view, caller.Global(), all)
	if err != nil {
		return 0, nil, err
	}
	if err := ccnOrders.sort(rows, order, caller.Codes); err != nil {
		return 0, nil, err
	}
	out, now := []CCNView{}, c.st.Now()
	for _, ccn := range pageOf(rows, q.Offset, q.Limit) {
		out = append(out, c.ccnView(view, ccn, now))
	}
	return total, out, nil
}

// tenantCCNs lists CCNs for those who may lock them; nobody here does.
var tenantCCNs = listing[vpc.CCN]{
	scope: ccns.scope,
	all:   ccns.all,
	filters: map[string]filterRule[vpc.CCN]{
		"ccn-ids": ccns.filters["ccn-id"],
		"user-account-id": {Match: func(_ store.Reader, c *vpc.CCN, v string) bool {
			return strconv.FormatUint(uint64(c.Account), 10) == v
		}},
		"is-security-lock": {Match: func(_ store.Reader, _ *vpc.CCN, v string) bool { return v == "false" }},
	},
}

// TenantCCNs lists the ids of the caller's CCNs.
func (c *Control) TenantCCNs(ctx context.Context, caller *Caller, q Query) (int, []vpc.CCNID, error) {
	if err := checkTenantFilters(caller, q.Filters); err != nil {
		return 0, nil, err
	}
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	total, rows, err := tenantCCNs.list(view, caller.Global(), q)
	ids := []vpc.CCNID{}
	for _, ccn := range rows {
		ids = append(ids, ccn.ID)
	}
	return total, ids, err
}

// checkTenantFilters refuses what cannot be the id of a CCN, and every account but the
// caller's own, whether it exists or not.
func checkTenantFilters(caller *Caller, filters []Filter) error {
	for i, f := range filters {
		for j, v := range f.Values {
			param := "Filters." + strconv.Itoa(i) + ".Values." + strconv.Itoa(j)
			switch {
			case f.Name == "ccn-ids" && !vpc.PrefixCCN.Match(v):
				return vpc.CheckID(vpc.PrefixCCN, param, v, caller.Codes)
			case f.Name == "user-account-id" && v != strconv.FormatUint(uint64(caller.Account), 10):
				return vpc.Refuse(vpc.UnsupportedOperationUinNotFound, param, "there is no account `%s` that you may see", "账号 `%s` 不存在", vpc.Clip(v))
			}
		}
	}
	return nil
}
