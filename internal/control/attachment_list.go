package control

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// AttachmentView is an attachment as either account sees it at one moment.
type AttachmentView struct {
	*vpc.Attachment
	Now        string // its state
	Name       string // the instance's
	Ranges     []netip.Prefix
	RouteTable string // the CCN's default table; empty for any but the CCN's account
}

func attachmentView(r store.Reader, caller vpc.AccountID, a *vpc.Attachment, now vpc.Instant) AttachmentView {
	v := AttachmentView{Attachment: a, Now: a.StateAt(now)}
	if ccn := ownCCN(r, caller, a.CCN); ccn != nil {
		v.RouteTable = ccn.RouteTable
	}
	n, _ := networkOf(r, vpc.Scope{Account: a.Owner, Region: a.Region}, a.InstanceType, a.Instance)
	v.Name = n.name()
	switch {
	case n.vpc != nil:
		v.Ranges = n.vpc.Ranges()
	case n.gateway != nil:
		for _, rg := range gatewayRanges(r, n.gateway) {
			v.Ranges = append(v.Ranges, rg.Destination)
		}
	}
	return v
}

// AttachmentQuery asks for attachments, of one CCN if CCN is not empty.
type AttachmentQuery struct {
	Query
	CCN   string
	Order Order
}

// Attachments lists those attachments whose CCN or whose instance is the caller's.
func (c *Control) Attachments(ctx context.Context, caller *Caller, q AttachmentQuery) (int, []AttachmentView, error) {
	if q.CCN != "" {
		if err := vpc.CheckID(vpc.PrefixCCN, "CcnId", q.CCN, caller.Codes); err != nil {
			return 0, nil, err
		}
	}
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	rows := seenAttachments(view, caller.Account, vpc.CCNID(q.CCN))
	all := q.Query
	all.Offset, all.Limit = 0, everything
	total, rows, err := attachmentsAmong(rows).list(view, vpc.Scope{}, all)
	if err != nil {
		return 0, nil, err
	}
	now := c.st.Now()
	views := make([]*AttachmentView, len(rows))
	for i, a := range rows {
		v := attachmentView(view, caller.Account, a, now)
		views[i] = &v
	}
	if err := attachmentOrders.sort(views, q.Order, caller.Codes); err != nil {
		return 0, nil, err
	}
	out := []AttachmentView{}
	for _, v := range pageOf(views, q.Offset, q.Limit) {
		out = append(out, *v)
	}
	return total, out, nil
}

// seenAttachments gathers what an account may see, of one CCN or (empty) of all.
func seenAttachments(r store.Reader, id vpc.AccountID, ccn vpc.CCNID) []*vpc.Attachment {
	var rows []*vpc.Attachment
	if ccn != "" {
		for a := range store.AttachmentsByCCN.All(r, ccn) {
			if a.Account == id || a.Owner == id {
				rows = append(rows, a)
			}
		}
		return rows
	}
	for own := range store.CCNsByAccount.All(r, id) {
		rows = slices.AppendSeq(rows, store.AttachmentsByCCN.All(r, own.ID))
	}
	for a := range store.AttachmentsByOwner.All(r, id) {
		if a.Account != id {
			rows = append(rows, a)
		}
	}
	return rows
}

// attachmentsAmong lists among rows that were gathered for one caller.
func attachmentsAmong(rows []*vpc.Attachment) *listing[vpc.Attachment] {
	match := func(field func(*vpc.Attachment) string) filterRule[vpc.Attachment] {
		return filterRule[vpc.Attachment]{Value: func(_ store.Reader, a *vpc.Attachment) (string, bool) { return field(a), true }}
	}
	return &listing[vpc.Attachment]{
		scope: func(*vpc.Attachment) vpc.Scope { return vpc.Scope{} },
		all:   func(store.Reader, vpc.Scope) source[vpc.Attachment] { return gathered(rows) },
		filters: map[string]filterRule[vpc.Attachment]{
			"ccn-id":          match(func(a *vpc.Attachment) string { return string(a.CCN) }),
			"instance-type":   match(func(a *vpc.Attachment) string { return a.InstanceType }),
			"instance-region": match(func(a *vpc.Attachment) string { return string(a.Region) }),
			"instance-id":     match(func(a *vpc.Attachment) string { return a.Instance }),
		},
	}
}

var attachmentOrders = sorting[AttachmentView]{
	{"AttachedTime", func(a, b *AttachmentView) int {
		return cmp.Or(cmp.Compare(a.Attached, b.Attached), strings.Compare(a.Instance, b.Instance))
	}},
	{"CcnId", func(a, b *AttachmentView) int { return cmp.Compare(a.CCN, b.CCN) }},
	{"InstanceType", func(a, b *AttachmentView) int { return strings.Compare(a.InstanceType, b.InstanceType) }},
	{"InstanceId", func(a, b *AttachmentView) int { return strings.Compare(a.Instance, b.Instance) }},
	{"InstanceName", func(a, b *AttachmentView) int { return strings.Compare(a.Name, b.Name) }},
	{"InstanceRegion", func(a, b *AttachmentView) int { return cmp.Compare(a.Region, b.Region) }},
	{"State", func(a, b *AttachmentView) int { return strings.Compare(a.Now, b.Now) }},
}
