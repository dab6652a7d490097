package control

import (
	"context"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// An attachment concerns two accounts: the CCN's and the instance's. Each sees it, since
// the second asked for it and named the first; neither sees anything else of the other.

// attachmentsIn counts the attachments of a CCN in a state.
func attachmentsIn(r store.Reader, ccn vpc.CCNID, state string, now vpc.Instant) int {
	n := 0
	for a := range store.AttachmentsByCCN.All(r, ccn) {
		if a.StateAt(now) == state {
			n++
		}
	}
	return n
}

// attachedNetwork is a VPC or a gateway of a CCN type; the other is nil.
type attachedNetwork struct {
	vpc     *vpc.VPC
	gateway *vpc.Gateway
}

// networkOf finds the network that an attachment or a caller names. It reports false for
// one that there is not; direct connections and bare-metal VPCs never are.
func networkOf(r store.Reader, s vpc.Scope, kind, id string) (attachedNetwork, bool) {
	var n attachedNetwork
	switch kind {
	case vpc.InstanceVPC:
		if v, ok := store.VPCs.Get(r, vpc.VPCID(id)); ok && v.Scope == s {
			n.vpc = v
		}
	case vpc.InstanceGateway:
		n.gateway = ownGateway(r, s, vpc.GatewayID(id))
	}
	return n, n != attachedNetwork{}
}

func (n attachedNetwork) name() string {
	switch {
	case n.vpc != nil:
		return n.vpc.Name
	case n.gateway != nil:
		return n.gateway.Name
	}
	return ""
}

// AttachInstances attaches networks of the caller to a CCN. Where the CCN is another
// account's, that one has seven days to accept. One instance that cannot be attached
// stops all.
func (c *Control) AttachInstances(ctx context.Context, caller *Caller, spec vpc.AttachSpec) error {
	owner, refused := spec.Check(caller.Account, caller.Codes)
	if refused != nil {
		return refused
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		ccn := ownCCN(tx, owner, vpc.CCNID(spec.CCN))
		if ccn == nil {
			return vpc.NotFound(vpc.PrefixCCN, "CcnId", spec.CCN, caller.Codes)
		}
		for i, in := range spec.Instances {
			at := attaching{Caller: caller, ccn: ccn, in: in, i: i}
			if err := at.check(tx, c); err != nil {
				return err
			}
			if !at.foreign() { // a stranger is not told where the CCN has networks, see AcceptInstances
				if err := sides(tx, ccn, in.Region, at.param("InstanceRegion"), caller); err != nil {
					return err
				}
			}
			at.put(tx)
		}
		return roomInCCN(tx, caller, ccn)
	})
}

// attaching is one instance on its way into a CCN.
type attaching struct {
	*Caller
	ccn *vpc.CCN
	in  vpc.CCNInstance
	i   int
	net attachedNetwork
}

func (at *attaching) param(field string) string {
	return "Instances." + strconv.Itoa(at.i) + "." + field
}

func (at *attaching) foreign() bool { return at.ccn.Account != at.Account }

func (at *attaching) scope() vpc.Scope { return vpc.Scope{Account: at.Account, Region: at.in.Region} }

func (at *attaching) check(tx *store.Tx, c *Control) error {
	net, ok := networkOf(tx, at.scope(), at.in.Type, at.in.ID)
	if !ok {
		return vpc.Refuse(at.Codes.Pick(vpc.ResourceNotFound), at.param("InstanceId"), "`%s` does not exist in `%s`", "`%s` 在 `%s` 不存在", at.in.ID, vpc.Clip(string(at.in.Region)))
	}
	at.net = net
	if !hasRouteTable(at.ccn, at.Caller, at.in.RouteTable) {
		return vpc.Refuse(vpc.UnsupportedOperationCcnRouteTableNotExist, at.param("RouteTableId"), "the CCN has no route table `%s`", "云联网没有路由表 `%s`", *at.in.RouteTable)
	}
	if net.gateway != nil {
		if err := at.checkGateway(tx, c); err != nil {
			return err
		}
	}
	for a := range store.AttachmentsByInstance.All(tx, at.in.ID) {
		if !a.Live(tx.Now()) {
			continue
		}
		if a.CCN == at.ccn.ID {
			return vpc.Refuse(vpc.UnsupportedOperationCcnAttached, at.param("InstanceId"), "`%s` is attached to the CCN already, or asks for it", "`%s` 已关联该云联网", at.in.ID)
		}
		return vpc.Refuse(vpc.LimitExceededCurrentInstanceAttachedCcnInstances, at.param("InstanceId"), "`%s` is attached to another CCN, or asks for it", "`%s` 已关联其他云联网", at.in.ID)
	}
	return nil
}

// sides refuses a network of a region that cannot be in one CCN with those that are active.
func sides(tx *store.Tx, ccn *vpc.CCN, in vpc.Region, param string, caller *Caller) error {
	var others []vpc.Region
	for a := range store.AttachmentsByCCN.All(tx, ccn.ID) {
		if a.StateAt(tx.Now()) == vpc.AttachmentActive {
			others = append(others, a.Region)
		}
	}
	if refused := ccn.CheckSides(in, others, param, caller.Codes); refused != nil {
		return refused
	}
	return nil
}

// hasRouteTable reports whether a CCN has the route table that a caller names, or names
// none. Only its own account knows the table.
func hasRouteTable(ccn *vpc.CCN, caller *Caller, table *string) bool {
	return table == nil || *table == "" || (*table == ccn.RouteTable && ccn.Account == caller.Account)
}

// checkGateway lets in gateways of a CCN type that are up. A gateway cannot join another
// account's CCN: its tunnels would open that network to strangers.
func (at *attaching) checkGateway(tx *store.Tx, c *Control) error {
	g := at.net.gateway
	switch {
	case g.Type != vpc.TypeCCN && g.Type != vpc.TypeSSLCCN:
		return vpc.Refuse(vpc.UnsupportedOperation, at.param("InstanceId"), "`%s` is of type %s; only CCN and SSL_CCN can be attached", "`%s` 的类型为 %s，仅支持 CCN 与 SSL_CCN", g.ID, g.Type)
	case c.gatewayState(tx, g, tx.Now()) != vpc.StateAvailable:
		return vpc.Refuse(vpc.UnsupportedOperationInvalidState, at.param("InstanceId"), "`%s` is not AVAILABLE", "`%s` 未处于 AVAILABLE 状态", g.ID)
	case at.foreign():
		return vpc.Refuse(vpc.UnsupportedOperationCcnCrossAccount, at.param("InstanceType"), "a VPN gateway cannot be attached to the CCN of another account", "VPN 网关不支持关联其他账号的云联网")
	}
	return nil
}

// put writes the attachment in the place of any that the instance had: those are dead.
func (at *attaching) put(tx *store.Tx) {
	for a := range store.AttachmentsByInstance.All(tx, at.in.ID) {
		store.Attachments.Delete(tx, attachmentKey(a))
	}
	a := &vpc.Attachment{
		CCN: at.ccn.ID, Scope: vpc.Scope{Account: at.ccn.Account, Region: at.in.Region}, Owner: at.Account,
		InstanceType: at.in.Type, Instance: at.in.ID, State: vpc.AttachmentActive, Attached: tx.Now(),
	}
	if at.in.Description != nil {
		a.Description = *at.in.Description
	}
	if at.foreign() {
		a.State, a.Due = vpc.AttachmentPending, tx.Now().Add(vpc.AttachmentPatience)
	}
	store.Attachments.Put(tx, a)
	setNetwork(tx, at.net.gateway, at.ccn.ID)
}

// setNetwork writes at a gateway which CCN it is attached to, "" for none.
func setNetwork(tx *store.Tx, old *vpc.Gateway, ccn vpc.CCNID) {
	if old == nil || old.Network == ccn {
		return
	}
	g := *old
	g.Network = ccn
	g.Generation++
	store.Gateways.Put(tx, &g)
}

// roomInCCN refuses what would make too many active attachments in a CCN, or as many
// that are not. Of these it forgets the oldest that are rejected or expired first. What
// the CCN's account may have is told to that account alone.
func roomInCCN(tx *store.Tx, caller *Caller, ccn *vpc.CCN) error {
	limit := quota(tx, ccn.Account, vpc.QuotaCCNAttachments)
	active := attachmentsIn(tx, ccn.ID, vpc.AttachmentActive, tx.Now())
	others := store.AttachmentsByCCN.Count(tx, ccn.ID) - active
	for a := range store.AttachmentsByCCN.All(tx, ccn.ID) {
		if others > limit && !a.Live(tx.Now()) {
			store.Attachments.Delete(tx, attachmentKey(a))
			others--
		}
	}
	switch {
	case max(active, others) <= limit:
		return nil
	case ccn.Account != caller.Account:
		return vpc.Refuse(vpc.LimitExceeded, "Instances", "the CCN takes no more requests", "该云联网无法再接受申请")
	}
	return vpc.OverQuota(vpc.LimitExceeded, "Instances", vpc.QuotaCCNAttachments, max(active, others)-1, limit)
}

// seenCCN finds a CCN that is the caller's or that an instance of the caller is attached
// to, or asks for.
func seenCCN(r store.Reader, caller *Caller, id string) (*vpc.CCN, error) {
	if err := vpc.CheckID(vpc.PrefixCCN, "CcnId", id, caller.Codes); err != nil {
		return nil, err
	}
	if ccn, ok := store.CCNs.Get(r, vpc.CCNID(id)); ok {
		if ccn.Account == caller.Account {
			return ccn, nil
		}
		for a := range store.AttachmentsByCCN.All(r, ccn.ID) {
			if a.Owner == caller.Account {
				return ccn, nil
			}
		}
	}
	return nil, vpc.NotFound(vpc.PrefixCCN, "CcnId", id, caller.Codes)
}

// seenAttachment finds the attachment that a call names. Nil stands for "no such
// attachment that you may see".
func seenAttachment(r store.Reader, caller *Caller, ccn *vpc.CCN, instance string) *vpc.Attachment {
	a, ok := store.Attachments.Get(r, store.AttachmentKey{CCN: ccn.ID, Instance: instance})
	if !ok || (ccn.Account != caller.Account && a.Owner != caller.Account) {
		return nil
	}
	return a
}

// attachmentCall is a call about attachments that there are.
type attachmentCall struct {
	find    func(r store.Reader, caller *Caller, id string) (*vpc.CCN, error) // whose CCN it must be
	missing vpc.Code                                                          // for an instance without an attachment to it
	do      func(at *attachmentAt) error
}

// attachmentAt is one attachment in the hands of a call.
type attachmentAt struct {
	*vpc.Attachment
	tx     *store.Tx
	caller *Caller
	ccn    *vpc.CCN
	in     vpc.CCNInstance
	param  string // the input that names the instance
}

// run does something to every attachment that a call names, all or none.
func (call attachmentCall) run(ctx context.Context, c *Control, caller *Caller, spec vpc.AttachSpec) error {
	if _, err := spec.Check(caller.Account, caller.Codes); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		ccn, err := call.find(tx, caller, spec.CCN)
		if err != nil {
			return err
		}
		for i, in := range spec.Instances {
			at := &attachmentAt{tx: tx, caller: caller, ccn: ccn, in: in, param: "Instances." + strconv.Itoa(i) + ".InstanceId"}
			if err := at.look(call.missing); err != nil {
				return err
			}
			if err := call.do(at); err != nil {
				return err
			}
		}
		return nil
	})
}

// look finds the attachment. One that the caller may not see is missing.
func (at *attachmentAt) look(missing vpc.Code) error {
	at.Attachment = seenAttachment(at.tx, at.caller, at.ccn, at.in.ID)
	if at.Attachment == nil {
		return vpc.Refuse(at.caller.Codes.Pick(missing), at.param, "`%s` is not attached to the CCN", "`%s` 未关联该云联网", at.in.ID)
	}
	if at.InstanceType != at.in.Type || at.Region != at.in.Region {
		return vpc.Refuse(at.caller.Codes.Pick(vpc.InvalidParameterValueParameterMismatch, missing), at.param,
			"`%s` is a %s in %s", "`%s` 是 %[3]s 的 %[2]s", at.in.ID, at.InstanceType, at.Region)
	}
	return nil
}

// copy is the attachment to be changed and put.
func (at *attachmentAt) copy() *vpc.Attachment {
	a := *at.Attachment
	return &a
}

// DetachInstances takes networks off a CCN, or takes requests back. The CCN's account
// may, and the instance's.
func (c *Control) DetachInstances(ctx context.Context, caller *Caller, spec vpc.AttachSpec) error {
	return attachmentCall{seenCCN, vpc.UnsupportedOperationCcnNotAttached, func(at *attachmentAt) error {
		dropAttachment(at.tx, at.Attachment)
		return nil
	}}.run(ctx, c, caller, spec)
}

// dropAttachment forgets an attachment, and what its CCN remembers of its routes.
func dropAttachment(tx *store.Tx, a *vpc.Attachment) {
	store.Attachments.Delete(tx, attachmentKey(a))
	n, _ := networkOf(tx, vpc.Scope{Account: a.Owner, Region: a.Region}, a.InstanceType, a.Instance)
	if n.gateway != nil && n.gateway.Network == a.CCN {
		setNetwork(tx, n.gateway, "")
	}
	old, ok := store.CCNs.Get(tx, a.CCN)
	if !ok || len(old.DisabledRoutes) == 0 {
		return
	}
	ccn := *old
	ccn.DisabledRoutes = vpc.StillDisabled(old, ccnMembers(tx, old, tx.Now()))
	store.CCNs.Put(tx, &ccn)
}

// AcceptInstances lets networks of other accounts into a CCN of the caller.
func (c *Control) AcceptInstances(ctx context.Context, caller *Caller, spec vpc.AttachSpec) error {
	return attachmentCall{findCCN, vpc.UnsupportedOperationCcnNotAttached, func(at *attachmentAt) error {
		if err := at.checkPending(); err != nil {
			return err
		}
		if err := sides(at.tx, at.ccn, at.Region, at.param, caller); err != nil {
			return err
		}
		a := at.copy()
		a.State, a.Due, a.Attached = vpc.AttachmentActive, 0, at.tx.Now()
		store.Attachments.Put(at.tx, a)
		return roomInCCN(at.tx, caller, at.ccn)
	}}.run(ctx, c, caller, spec)
}

// RejectInstances turns requests of other accounts down.
func (c *Control) RejectInstances(ctx context.Context, caller *Caller, spec vpc.AttachSpec) error {
	return attachmentCall{findCCN, vpc.UnsupportedOperationCcnNotAttached, func(at *attachmentAt) error {
		if err := at.checkPending(); err != nil {
			return err
		}
		a := at.copy()
		a.State, a.Due = vpc.AttachmentRejected, 0
		store.Attachments.Put(at.tx, a)
		return nil
	}}.run(ctx, c, caller, spec)
}

// checkPending refuses an attachment that waits for no answer.
func (at *attachmentAt) checkPending() error {
	state := at.StateAt(at.tx.Now())
	if state == vpc.AttachmentPending {
		return nil
	}
	code := vpc.UnsupportedOperationNotPendingCcnInstance
	if state == vpc.AttachmentExpired {
		code = at.caller.Codes.Pick(vpc.UnsupportedOperationInvalidInstanceState, code)
	}
	return vpc.Refuse(code, at.param, "its state is %s, not PENDING", "状态为 %s，不是 PENDING", state)
}

// ResetInstances asks again for networks of the caller whose request was rejected or has
// expired.
func (c *Control) ResetInstances(ctx context.Context, caller *Caller, spec vpc.AttachSpec) error {
	owner, refused := spec.Check(caller.Account, caller.Codes)
	if refused != nil {
		return refused
	}
	return attachmentCall{seenCCN, vpc.ResourceNotFound, func(at *attachmentAt) error {
		if at.ccn.Account != owner || at.Owner != caller.Account {
			return vpc.NotFound(vpc.PrefixCCN, "CcnId", spec.CCN, caller.Codes)
		}
		if at.Live(at.tx.Now()) {
			return vpc.Refuse(caller.Codes.Pick(vpc.UnsupportedOperation), at.param, "`%s` is attached to the CCN, or asks for it", "`%s` 已关联该云联网或正在申请", at.in.ID)
		}
		a := at.copy()
		a.State, a.Attached, a.Due = vpc.AttachmentPending, at.tx.Now(), at.tx.Now().Add(vpc.AttachmentPatience)
		store.Attachments.Put(at.tx, a)
		return roomInCCN(at.tx, caller, at.ccn)
	}}.run(ctx, c, caller, spec)
}

// ModifyAttachments changes the descriptions of attachments. The only route table that
// an attachment can have is the CCN's.
func (c *Control) ModifyAttachments(ctx context.Context, caller *Caller, spec vpc.AttachSpec) error {
	return attachmentCall{seenCCN, vpc.ResourceNotFound, func(at *attachmentAt) error {
		if !hasRouteTable(at.ccn, caller, at.in.RouteTable) {
			return vpc.Refuse(vpc.ResourceNotFound, strings.TrimSuffix(at.param, "InstanceId")+"RouteTableId", "the CCN has no route table `%s`", "云联网没有路由表 `%s`", *at.in.RouteTable)
		}
		a := at.copy()
		if at.in.Description != nil {
			a.Description = *at.in.Description
		}
		store.Attachments.Put(at.tx, a)
		return nil
	}}.run(ctx, c, caller, spec)
}

// expireAttachment ends a request whose time is over.
func expireAttachment(_ *Control, tx *store.Tx, old *vpc.Attachment) error {
	a := *old
	a.State, a.Due = a.StateAt(tx.Now()), 0
	store.Attachments.Put(tx, &a)
	return nil
}
