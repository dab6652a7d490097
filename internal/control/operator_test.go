package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// desk is a Control with an operator at it, in a bubble of its own.
type desk struct {
	*testing.T
	st *store.Store
	c  *control.Control
	op *control.Caller
}

func atDesk(t *testing.T, test func(*desk)) {
	synctest.Test(t, func(t *testing.T) {
		st, err := store.OpenMemory(store.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		pool, err := vpc.ParseAddrRange("198.51.0.0/16")
		if err != nil {
			t.Fatal(err)
		}
		c := control.New(st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second, Pool: []vpc.AddrRange{pool}})
		test(&desk{t, st, c, &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "test", RequestID: "r"}})
	})
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) account(name string) (*vpc.Account, *control.Credential) {
	d.Helper()
	a, cred, err := d.c.CreateAccount(d.Context(), d.op, control.AccountSpec{Name: name, Balance: vpc.Yuan(100)})
	d.must(err)
	return a, cred
}

// code is the code of a refusal, OK for none, and the text of any other error.
func code(err error) string {
	var refusal *vpc.Error
	switch {
	case err == nil:
		return "OK"
	case errors.As(err, &refusal):
		return string(refusal.Code)
	}
	return err.Error()
}

func TestEnsureRoot(t *testing.T) {
	atDesk(t, func(d *desk) {
		first, err := d.c.EnsureRoot(d.Context())
		d.must(err)
		again, err := d.c.EnsureRoot(d.Context())
		d.must(err)
		if first == nil || again == nil || again.KeyID != first.KeyID || again.Secret.Reveal() != first.Secret.Reveal() {
			d.Fatalf("the root key is %v, then %v", first, again)
		}
		if len(first.KeyID) != 36 || !strings.HasPrefix(first.KeyID, "AKID") || len(first.Secret.Reveal()) != 32 {
			d.Errorf("a key pair of odd shape: %s", first.KeyID)
		}
		accounts, err := d.c.Accounts(d.Context())
		d.must(err)
		if len(accounts) != 1 || !accounts[0].Root || !accounts[0].Verified || accounts[0].Balance != vpc.Yuan(1_000_000) {
			d.Errorf("after the first start the accounts are %+v", accounts)
		}
		_, err = d.c.DisableKey(d.Context(), d.op, first.KeyID, true)
		d.must(err)
		if cred, err := d.c.EnsureRoot(d.Context()); cred != nil || err != nil {
			d.Errorf("a disabled root key is handed out: %v %v", cred, err)
		}
	})
}

func TestEnsureRootAtOnce(t *testing.T) {
	atDesk(t, func(d *desk) {
		keys := make(chan string, 8)
		for range cap(keys) {
			go func() {
				cred, err := d.c.EnsureRoot(d.Context())
				if err != nil {
					keys <- err.Error()
					return
				}
				keys <- cred.KeyID
			}()
		}
		first := <-keys
		for range cap(keys) - 1 {
			if key := <-keys; key != first {
				d.Errorf("two starts at once have the root keys %s and %s", first, key)
			}
		}
	})
}

func TestAccounts(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		b, _ := d.account("beta")
		if b.ID != a.ID+1 || b.AppID != a.AppID+1 {
			d.Errorf("numbers %d/%d and %d/%d", a.ID, a.AppID, b.ID, b.AppID)
		}
		for name, want := range map[string]string{
			"acme": "InvalidParameterValue.Duplicate", "": "InvalidParameterValue", "12": "InvalidParameterValue", " x": "InvalidParameterValue",
			"a\nb": "InvalidParameterValue", strings.Repeat("x", 61): "InvalidParameterValue", "a\xff": "InvalidParameterValue", "Ägypten 12": "OK",
		} {
			if _, _, err := d.c.CreateAccount(d.Context(), d.op, control.AccountSpec{Name: name}); code(err) != want {
				d.Errorf("name %q: %v, want %s", name, err, want)
			}
		}
		for ref, want := range map[string]string{"acme": "acme", fmt.Sprint(uint64(b.ID)): "beta", "": "MissingParameter", "nobody": "ResourceNotFound", "1": "ResourceNotFound"} {
			got, err := d.c.FindAccount(d.Context(), ref)
			if err == nil && got.Name != want || err != nil && code(err) != want {
				d.Errorf("account %q: %v %v, want %s", ref, got, err, want)
			}
		}
	})
}

func TestSetAccount(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		yes, no, three, policy, money := true, false, 3, vpc.TagKnownPairs, vpc.Yuan(-5)
		set, err := d.c.SetAccount(d.Context(), d.op, a.ID, control.AccountChange{
			Verified: &no, Balance: &money, TagPolicy: &policy, TagKeys: &three, TagsAllocated: &yes,
			Allow: []string{vpc.AllowCustomerGatewayASN, vpc.AllowCustomerGatewayASN}, AddCDCs: []vpc.CDCID{"cluster-aaaaaaaa"},
		})
		d.must(err)
		got := fmt.Sprintf("%v %s %s %v %v %v", set.Verified, set.Balance, set.TagPolicy, set.TagQuota, set.Allow, set.CDCs)
		if want := "false -5 known-pairs {true 3 -1 -1} [customer-gateway-asn] [cluster-aaaaaaaa]"; got != want {
			d.Errorf("set  %s\nwant %s", got, want)
		}
		if a.Balance != vpc.Yuan(100) || !a.Verified {
			d.Errorf("the old row was changed: %+v", a)
		}
		set, err = d.c.SetAccount(d.Context(), d.op, a.ID, control.AccountChange{Disallow: []string{vpc.AllowCustomerGatewayASN, "never"}, RemoveCDCs: []vpc.CDCID{"cluster-aaaaaaaa"}})
		d.must(err)
		entries, err := d.st.LedgerEntries(d.Context(), a.ID)
		d.must(err)
		sum := vpc.Money(0)
		for _, e := range entries {
			sum = sum.Plus(e.Amount)
		}
		if len(entries) != 2 || sum != money {
			d.Errorf("the ledger says %+v, which is %s; the balance is %s", entries, sum, money)
		}
		if len(set.CDCs) != 0 || len(set.Allow) != 0 || set.Balance != money || set.Verified {
			d.Errorf("what no one named was changed: %+v", set)
		}
		odd := vpc.TagPolicy("odd")
		for want, change := range map[string]control.AccountChange{
			"InvalidParameterValue":           {TagPolicy: &odd},
			"InvalidParameterValue.Malformed": {AddCDCs: []vpc.CDCID{"cluster-1"}},
		} {
			if _, err := d.c.SetAccount(d.Context(), d.op, a.ID, change); code(err) != want {
				d.Errorf("%+v: %v, want %s", change, err, want)
			}
		}
		if _, err := d.c.SetAccount(d.Context(), d.op, 5, control.AccountChange{}); code(err) != "ResourceNotFound" {
			d.Errorf("an account that is not there: %v", err)
		}
	})
}

func TestAuthenticate(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, made := d.account("acme")
		got, err := d.c.Authenticate(d.Context(), made.KeyID)
		d.must(err)
		if got.Secret.Reveal() != made.Secret.Reveal() || got.Account != a.ID || got.Role != vpc.RoleAdmin {
			d.Errorf("authenticated %+v", got)
		}
		if same, err := d.c.Authenticate(d.Context(), made.KeyID); err != nil || same != got {
			d.Errorf("the second time the secret was unsealed again: %v", err)
		}
		if _, err := d.c.Authenticate(d.Context(), "AKIDnobody"); code(err) != "AuthFailure.SecretIdNotFound" {
			d.Errorf("an unknown key: %v", err)
		}
		for _, disabled := range []bool{true, false} {
			_, err := d.c.DisableKey(d.Context(), d.op, made.KeyID, disabled)
			d.must(err)
			want := map[bool]string{true: "AuthFailure.SecretIdNotFound", false: "OK"}[disabled]
			if _, err := d.c.Authenticate(d.Context(), made.KeyID); code(err) != want {
				d.Errorf("disabled %v: %v, want %s", disabled, err, want)
			}
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", got, *got, *got), made.Secret.Reveal()) {
			d.Error("a formatter prints the secret")
		}
	})
}

func TestPermit(t *testing.T) {
	admin := &control.Credential{Role: vpc.RoleAdmin}
	read := &control.Credential{Role: vpc.RoleRead}
	some := &control.Credential{Role: vpc.RoleActions, Actions: []string{"CreateVpc"}}
	atDesk(t, func(d *desk) {
		for _, c := range []struct {
			cred   *control.Credential
			action string
			write  bool
			ok     bool
		}{
			{admin, "CreateVpc", true, true}, {admin, "DownloadCustomerGatewayConfiguration", false, true},
			{read, "DescribeVpcs", false, true}, {read, "CreateVpc", true, false}, {read, "DownloadCustomerGatewayConfiguration", false, false},
			{some, "CreateVpc", true, true}, {some, "DescribeVpcs", false, false}, {some, "DeleteVpc", true, false},
			{&control.Credential{}, "DescribeVpcs", false, false},
		} {
			want := map[bool]string{true: "OK", false: "AuthFailure.UnauthorizedOperation"}[c.ok]
			if err := d.c.Permit(c.cred, c.action, c.write); code(err) != want {
				d.Errorf("%s calls %s: %v, want %s", c.cred.Role, c.action, err, want)
			}
		}
	})
}

func TestKeys(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		cred, err := d.c.CreateKey(d.Context(), d.op, a.ID, vpc.RoleActions, []string{"B", "A", "A"})
		d.must(err)
		got, err := d.c.Authenticate(d.Context(), cred.KeyID)
		d.must(err)
		if text := fmt.Sprintf("%s %v", got.Role, got.Actions); text != "actions [A B]" {
			d.Errorf("made %v %v", got.Role, got.Actions)
		}
		for _, c := range []struct {
			account vpc.AccountID
			role    vpc.KeyRole
			actions []string
			want    string
		}{
			{a.ID, "boss", nil, "InvalidParameterValue"}, {a.ID, vpc.RoleActions, nil, "MissingParameter"},
			{a.ID, vpc.RoleRead, []string{"A"}, "InvalidParameterValue"}, {7, vpc.RoleAdmin, nil, "ResourceNotFound"}, {a.ID, vpc.RoleRead, nil, "OK"},
		} {
			if _, err := d.c.CreateKey(d.Context(), d.op, c.account, c.role, c.actions); code(err) != c.want {
				d.Errorf("%+v: %v", c, err)
			}
		}
		d.account("beta")
		mine, err := d.c.Keys(d.Context(), a.ID)
		d.must(err)
		all, err := d.c.Keys(d.Context(), 0)
		d.must(err)
		if len(mine) != 3 || len(all) != 4 {
			d.Errorf("%d keys of one account, %d of all", len(mine), len(all))
		}
	})
}

func TestQuotas(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		b, _ := d.account("beta")
		value := func(id vpc.AccountID) int {
			d.Helper()
			all, err := d.c.QuotaValues(d.Context(), id)
			d.must(err)
			for _, q := range all {
				if q.Name == vpc.QuotaVPCs {
					return q.Value
				}
			}
			d.Fatal("no such quota")
			return 0
		}
		if got := fmt.Sprint(value(a.ID), value(0)); got != "20 20" {
			d.Errorf("by default %s", got)
		}
		d.must(d.c.SetQuota(d.Context(), d.op, vpc.Quota{Name: vpc.QuotaVPCs, Value: 9}))
		d.must(d.c.SetQuota(d.Context(), d.op, vpc.Quota{Account: a.ID, Name: vpc.QuotaVPCs, Value: 1}))
		if got := fmt.Sprint(value(a.ID), value(b.ID), value(0)); got != "1 9 9" {
			d.Errorf("set %s", got)
		}
		caller := &control.Caller{Account: a.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou"}
		for _, want := range []string{"OK", "LimitExceeded"} {
			if _, err := d.c.CreateVPC(d.Context(), caller, vpc.VPCSpec{Name: "v", CIDR: "10.0.0.0/16"}); code(err) != want {
				d.Errorf("a VPC under a quota of one: %v, want %s", err, want)
			}
		}
		for _, want := range []bool{true, false} {
			found, err := d.c.ClearQuota(d.Context(), d.op, a.ID, vpc.QuotaVPCs)
			d.must(err)
			if found != want || value(a.ID) != 9 {
				d.Errorf("cleared: %v, then the quota is %d", found, value(a.ID))
			}
		}
		for _, q := range []vpc.Quota{{Name: "x", Value: 1}, {Name: vpc.QuotaVPCs, Value: -1}, {Account: 5, Name: vpc.QuotaVPCs}} {
			if err := d.c.SetQuota(d.Context(), d.op, q); err == nil {
				d.Errorf("%+v is taken", q)
			}
		}
	})
}

func TestRates(t *testing.T) {
	atDesk(t, func(d *desk) {
		show := func() string {
			return fmt.Sprint(d.c.Rate(1, "A"), d.c.Rate(1, "B"), d.c.Rate(2, "A"), d.c.Rate(2, "B"))
		}
		for _, c := range []struct {
			set  vpc.RateLimit
			want string
		}{
			{vpc.RateLimit{Rate: 10}, "10 10 10 10"},
			{vpc.RateLimit{Action: "A", Rate: 5}, "5 10 5 10"},
			{vpc.RateLimit{Account: 1, Rate: 7}, "7 7 5 10"},
			{vpc.RateLimit{Account: 1, Action: "A", Rate: 0}, "0 7 5 10"},
		} {
			d.must(d.c.SetRateLimit(d.Context(), d.op, c.set))
			if got := show(); got != c.want {
				d.Errorf("after %+v the rates are %s, want %s", c.set, got, c.want)
			}
		}
		limits, otherwise, err := d.c.RateLimits(d.Context())
		d.must(err)
		if len(limits) != 4 || otherwise != control.DefaultRate {
			d.Errorf("%d limits, otherwise %d", len(limits), otherwise)
		}
		for _, key := range [][2]string{{"", ""}, {"", "A"}, {"1", ""}, {"1", "A"}} {
			id := vpc.AccountID(0)
			if key[0] != "" {
				id = 1
			}
			if found, err := d.c.ClearRateLimit(d.Context(), d.op, id, key[1]); err != nil || !found {
				d.Errorf("clear %v: %v %v", key, found, err)
			}
		}
		if got := show(); got != "20 20 20 20" {
			d.Errorf("cleared, the rates are %s", got)
		}
		if err := d.c.SetRateLimit(d.Context(), d.op, vpc.RateLimit{Rate: -1}); code(err) != "InvalidParameterValue" {
			d.Errorf("a negative rate: %v", err)
		}
	})
}

func TestFaults(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		b, _ := d.account("beta")
		take := func(id vpc.AccountID, action string) string {
			d.Helper()
			f, err := d.c.TakeFault(d.Context(), &control.Caller{Account: id, Action: action})
			d.must(err)
			if f == nil {
				return "none"
			}
			return string(f.Code)
		}
		add := func(f vpc.Fault) *vpc.Fault {
			d.Helper()
			made, err := d.c.AddFault(d.Context(), d.op, f)
			d.must(err)
			return made
		}
		if got := take(a.ID, "X"); got != "none" {
			d.Errorf("with no fault set a call meets %s", got)
		}
		add(vpc.Fault{Account: a.ID, Action: "X", Code: "One", Left: 2})
		time.Sleep(time.Second)
		endless := add(vpc.Fault{Account: a.ID, Action: "X", Code: "Two.Sub", Left: -1})
		met := []string{take(b.ID, "X"), take(a.ID, "Y"), take(a.ID, "X"), take(a.ID, "X"), take(a.ID, "X"), take(a.ID, "X")}
		if got := strings.Join(met, " "); got != "none none One One Two.Sub Two.Sub" {
			d.Errorf("calls meet %s", got)
		}
		left, err := d.c.Faults(d.Context())
		d.must(err)
		if len(left) != 1 || left[0].ID != endless.ID {
			d.Errorf("left are %+v", left)
		}
		if n, err := d.c.ClearFaults(d.Context(), d.op, "", b.ID); n != 0 || err != nil {
			d.Errorf("cleared %d of an account without faults: %v", n, err)
		}
		if n, err := d.c.ClearFaults(d.Context(), d.op, endless.ID, 0); n != 1 || err != nil {
			d.Errorf("cleared %d: %v", n, err)
		}
		if _, err := d.c.ClearFaults(d.Context(), d.op, endless.ID, 0); code(err) != "ResourceNotFound" {
			d.Errorf("cleared twice: %v", err)
		}
		for name, f := range map[string]vpc.Fault{
			"action": {Account: a.ID, Action: "../x", Code: "C", Left: 1}, "code": {Account: a.ID, Action: "X", Code: "no code", Left: 1},
			"nothing": {Account: a.ID, Action: "X", Left: 1}, "times": {Account: a.ID, Action: "X", Code: "C"},
			"latency": {Account: a.ID, Action: "X", Left: 1, Latency: int64(time.Hour)}, "account": {Account: 5, Action: "X", Code: "C", Left: 1},
		} {
			if _, err := d.c.AddFault(d.Context(), d.op, f); err == nil {
				d.Errorf("%s: %+v is taken", name, f)
			}
		}
	})
}

// TestFaultsAtOnce holds that a fault for three calls is met by three of many.
func TestFaultsAtOnce(t *testing.T) {
	atDesk(t, func(d *desk) {
		a, _ := d.account("acme")
		_, err := d.c.AddFault(d.Context(), d.op, vpc.Fault{Account: a.ID, Action: "X", Code: "C", Left: 3})
		d.must(err)
		met := make(chan bool, 20)
		for range cap(met) {
			go func() {
				f, err := d.c.TakeFault(d.Context(), &control.Caller{Account: a.ID, Action: "X"})
				met <- f != nil && err == nil
			}()
		}
		n := 0
		for range cap(met) {
			if <-met {
				n++
			}
		}
		if n != 3 {
			d.Errorf("%d calls met a fault for three", n)
		}
	})
}

func TestSeedLooksLikeCalls(t *testing.T) {
	atDesk(t, func(d *desk) {
		seeded, err := d.c.Seed(d.Context(), d.op, control.SeedSpec{Gateways: 25, Connections: 60}, func(string) error { return nil })
		d.must(err)
		caller := &control.Caller{Account: seeded.Account, Role: vpc.RoleAdmin, Region: "ap-guangzhou"}
		time.Sleep(2 * time.Second)
		n, gateways, err := d.c.Gateways(d.Context(), caller, control.Query{Limit: 100})
		d.must(err)
		seen := map[string]bool{}
		for _, g := range gateways {
			if seen[g.Public.String()] || g.State != string(vpc.StateAvailable) {
				d.Errorf("%s at %s is %s", g.ID, g.Public, g.State)
			}
			seen[g.Public.String()] = true
		}
		if n != 25 || seeded.InBigVPC != 3 {
			d.Errorf("%d gateways, %d in the big VPC", n, seeded.InBigVPC)
		}
		status, err := d.c.Status(d.Context())
		d.must(err)
		if status.Gateways["AVAILABLE"] != 25 || status.Connections["AVAILABLE"] != 60 || status.Causes["no data plane"] != 60 {
			d.Errorf("status %+v", status)
		}
		n, connections, err := d.c.Connections(d.Context(), caller, control.Query{Limit: 1})
		d.must(err)
		if n != 60 || connections[0].PreSharedKey.Reveal() != "seed-"+string(connections[0].ID) {
			d.Errorf("%d connections, the first one %+v", n, connections[0])
		}
	})
}

func TestRowsHideSecrets(t *testing.T) {
	atDesk(t, func(d *desk) {
		_, err := d.c.Seed(d.Context(), d.op, control.SeedSpec{Gateways: 1, Connections: 1}, func(string) error { return nil })
		d.must(err)
		for _, table := range d.c.Tables() {
			err := d.c.Rows(d.Context(), table, "", func(_ string, row json.RawMessage) error {
				if s := string(row); strings.Contains(s, `"psk":"`) || strings.Contains(s, `"secret":"`) {
					return fmt.Errorf("%s shows a sealed field: %s", table, s)
				}
				return nil
			})
			d.must(err)
		}
		stop := errors.New("enough")
		if err := d.c.Rows(d.Context(), "account", "", func(string, json.RawMessage) error { return stop }); !errors.Is(err, stop) {
			d.Errorf("yield said enough, Rows says %v", err)
		}
		if err := d.c.Rows(d.Context(), "account", "9", func(key string, _ json.RawMessage) error { return fmt.Errorf("row %s", key) }); err != nil {
			d.Errorf("a prefix that no key has yields %v", err)
		}
		ended, end := context.WithCancel(d.Context())
		end()
		if err := d.c.Rows(ended, "account", "", func(string, json.RawMessage) error { return nil }); !errors.Is(err, context.Canceled) {
			d.Errorf("after its end Rows says %v", err)
		}
	})
}
