package wire

import (
	"crypto/sha256"
	"strings"
	"sync"
)

// TC3Keys verifies TC3 signatures and remembers the derived keys of the callers it has
// verified, so that a busy caller costs one HMAC and not four. The zero value is ready;
// any goroutine may use it.
type TC3Keys struct {
	recent struct {
		sync.RWMutex
		young, old map[tc3Scope]derivedKey
	}
}

// maxDerived bounds each of the two generations of remembered keys.
const maxDerived = 4096

type tc3Scope struct{ secretID, date, service string }

// A derivedKey serves only for the SecretKey it was derived from.
type derivedKey struct {
	secret string
	key    [sha256.Size]byte
}

// Verify reports with nil that a is the signature of m, made with the SecretKey secret
// at timestamp, the text of the request's Unix seconds. The caller has checked the
// clock. Otherwise the error is ErrSignature.
func (k *TC3Keys) Verify(a *TC3, m *Message, timestamp, secret string) *Error {
	if !a.onDay(timestamp) {
		return ErrSignature
	}
	scope := tc3Scope{a.SecretID, a.Date, a.Service}
	derived, found := k.find(scope)
	if !found || derived.secret != secret {
		derived, found = derivedKey{secret, tc3Key(secret, a.Date, a.Service)}, false
	}
	if !a.matches(m, timestamp, &derived.key) {
		return ErrSignature
	}
	if !found { // only now, so that forged scopes push nothing out
		k.remember(scope, derived)
	}
	return nil
}

func (k *TC3Keys) find(scope tc3Scope) (derivedKey, bool) {
	k.recent.RLock()
	defer k.recent.RUnlock()
	d, ok := k.recent.young[scope]
	if !ok {
		d, ok = k.recent.old[scope]
	}
	return d, ok
}

// remember drops the older generation when the younger is full.
func (k *TC3Keys) remember(scope tc3Scope, d derivedKey) {
	k.recent.Lock()
	defer k.recent.Unlock()
	if len(k.recent.young) >= maxDerived || k.recent.young == nil {
		k.recent.old, k.recent.young = k.recent.young, make(map[tc3Scope]derivedKey)
	}
	k.recent.young[scope.clone()] = d
}

// clone keeps a remembered scope from holding on to the request's header text.
func (s tc3Scope) clone() tc3Scope {
	return tc3Scope{strings.Clone(s.secretID), strings.Clone(s.date), strings.Clone(s.service)}
}
