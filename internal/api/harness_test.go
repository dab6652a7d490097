package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/api"
	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// harness is a server on an in-memory store with a clock that the test drives. Calls go
// through the real handler, signed.
type harness struct {
	control *control.Control
	store   *store.Store
	handler http.Handler
	clock   *clock
	n       int // sessions made
}

// clock is the store's time: real time plus what the test has advanced.
type clock struct {
	sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.ahead += d
}

var operatorCaller = &control.Caller{KeyID: control.Operator, Role: vpc.RoleAdmin, Action: "test", RequestID: "test"}

func newHarness(t testing.TB) *harness { return newHarnessPool(t, "100.64.0.0/10") }

func newHarnessPool(t testing.TB, pool string) *harness {
	t.Helper()
	h := &harness{clock: &clock{}}
	st, err := store.OpenMemory(store.Options{Clock: h.clock.now, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	h.store = st
	addresses, err := vpc.ParseAddrRange(pool)
	if err != nil {
		t.Fatal(err)
	}
	h.control = control.New(st, control.Config{
		Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second, ReuseAfter: 10 * time.Minute,
		Pool: []vpc.AddrRange{addresses}, Rate: -1,
	})
	h.handler = api.New(api.Config{Control: h.control, Region: "ap-guangzhou"}).Handler()
	return h
}

// session is one account's use of a harness.
type session struct {
	h        *harness
	accounts [2]vpc.AccountID
	creds    [2]*control.Credential // admin keys
	now      int                    // which account is used
	cred     *control.Credential    // the key in use
	region   string
}

// session makes a fresh account, and a second one for what must stay hidden.
func (h *harness) session(t testing.TB) *session {
	t.Helper()
	h.n++
	s := &session{h: h, region: "ap-guangzhou"}
	for i := range s.accounts {
		acct, cred, err := h.control.CreateAccount(context.Background(), operatorCaller, control.AccountSpec{
			Name: fmt.Sprintf("test-%d-%d", h.n, i), Balance: vpc.Yuan(1_000_000),
		})
		if err != nil {
			t.Fatal(err)
		}
		s.accounts[i], s.creds[i] = acct.ID, cred
	}
	s.cred = s.creds[0]
	return s
}

func (s *session) account() vpc.AccountID { return s.accounts[s.now] }

// raw makes a signed JSON call and returns the answer's body.
func (s *session) raw(t testing.TB, action, body string) []byte {
	t.Helper()
	version, service := "2017-03-12", "vpc"
	if a := wire.Actions[action]; a != nil {
		version, service = a.Version, a.Service
	}
	req := httptest.NewRequest(http.MethodPost, "http://vpc.tencentcloudapi.com/", strings.NewReader(body))
	now := time.Now()
	h := req.Header
	h.Set("Content-Type", "application/json")
	h.Set("X-TC-Action", action)
	h.Set("X-TC-Version", version)
	h.Set("X-TC-Timestamp", strconv.FormatInt(now.Unix(), 10))
	h.Set("X-TC-Region", s.region)
	m := &wire.Message{Method: req.Method, Hosts: []string{req.Host}, Header: h, Body: []byte(body)}
	cred := wire.Credential{SecretID: s.cred.KeyID, SecretKey: s.cred.Secret.Reveal()}
	h.Set("Authorization", cred.SignTC3(m, service, now))
	w := httptest.NewRecorder()
	s.h.handler.ServeHTTP(w, req)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%s: HTTP %d, Content-Type %q", action, w.Code, w.Header().Get("Content-Type"))
	}
	return w.Body.Bytes()
}

// call makes a signed JSON call and returns what stands under Response. No answer may
// hold a null.
func (s *session) call(t testing.TB, action, body string) any {
	t.Helper()
	answer := s.raw(t, action, body)
	v, err := decode(string(answer))
	if err != nil {
		t.Fatalf("%s: the answer is not JSON: %v\n%s", action, err, answer)
	}
	if bytes.Contains(answer, []byte(":null")) || bytes.Contains(answer, []byte("[null")) {
		t.Errorf("%s: the answer holds a null: %s", action, answer)
	}
	response, ok := lookup(v, "Response")
	if !ok {
		t.Fatalf("%s: no Response in %s", action, answer)
	}
	if id, ok := lookup(response, "RequestId"); !ok || len(plain(id)) != 36 {
		t.Errorf("%s: no RequestId in %s", action, answer)
	}
	return response
}

func (s *session) setAccount(args []string) error {
	var change control.AccountChange
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		number, numberErr := strconv.Atoi(value)
		yes := value == "true"
		switch key {
		case "verified":
			change.Verified = &yes
		case "balance":
			m := vpc.Yuan(int64(number))
			change.Balance = &m
		case "policy":
			p := vpc.TagPolicy(value)
			change.TagPolicy = &p
		case "cdc":
			change.AddCDCs = append(change.AddCDCs, vpc.CDCID(value))
			numberErr = nil
		case "allow":
			change.Allow = append(change.Allow, value)
		case "tagalloc":
			change.TagsAllocated = &yes
		case "tagkeys":
			change.TagKeys = &number
		case "tagpairs":
			change.TagPairs = &number
		case "tagspercall":
			change.TagsPerCall = &number
		default:
			return fmt.Errorf("no account knob %q", key)
		}
		if strings.HasPrefix(key, "tag") && key != "tagalloc" && numberErr != nil {
			return numberErr
		}
	}
	_, err := s.h.control.SetAccount(context.Background(), operatorCaller, s.account(), change)
	return err
}

func (s *session) setQuota(name string, n int) error {
	return s.h.control.SetQuota(context.Background(), operatorCaller, vpc.Quota{Account: s.account(), Name: name, Value: n})
}

func (s *session) addFault(action string, code vpc.Code) error {
	_, err := s.h.control.AddFault(context.Background(), operatorCaller, vpc.Fault{Account: s.account(), Action: action, Code: code, Left: 1})
	return err
}

// advance moves the clock and does what has become due.
func (s *session) advance(d time.Duration) error {
	s.h.clock.advance(d)
	_, err := s.h.control.RunDue(context.Background())
	return err
}

// setRole switches to a new key of a role; admin returns to the account's own.
func (s *session) setRole(role vpc.KeyRole, actions []string) error {
	if role == vpc.RoleAdmin {
		s.cred = s.creds[s.now]
		return nil
	}
	cred, err := s.h.control.CreateKey(context.Background(), operatorCaller, s.account(), role, actions)
	s.cred = cred
	return err
}

func (s *session) switchAccount() error {
	s.now = 1 - s.now
	s.cred = s.creds[s.now]
	return nil
}

func (s *session) setBlocked(id vpc.GatewayID, blocked bool) error {
	return s.h.control.SetBlocked(context.Background(), operatorCaller, id, blocked)
}

// setTask makes a numbered task, as the calls of a later day will: ID DURATION [failed].
func (s *session) setTask(args []string) error {
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	_, err = s.h.store.Update(context.Background(), func(tx *store.Tx) error {
		task := &vpc.Task{ID: args[0], Account: s.account(), Done: tx.Now().Add(d), Due: tx.Now().Add(24 * time.Hour)}
		if len(args) > 2 {
			task.Failed = args[2]
		}
		store.Tasks.Put(tx, task)
		return nil
	})
	return err
}
