package ipsec

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/strongswan/govici/vici"
)

// callTimeout bounds every call. charon answers within milliseconds; loading waits for
// SAs that are busy with a slow Diffie-Hellman group.
const callTimeout = 10 * time.Second

// session is a connection to one charon. One goroutine may use it. After an error that
// is no *rejected it is of no use any more.
type session struct {
	vici   *vici.Session
	conns  []net.Conn // commands, events
	events chan vici.Event
}

// rejected is charon's own no to a command.
type rejected struct{ command, reason string }

func (r *rejected) Error() string { return fmt.Sprintf("charon rejects %s: %s", r.command, r.reason) }

// watched are the events that say that something about a tunnel has changed.
var watched = []string{"ike-updown", "child-updown", "ike-rekey", "child-rekey", "log"}

// dialer opens a connection to a socket; tests break it there.
type dialer func(ctx context.Context, path string) (net.Conn, error)

func dialUnix(ctx context.Context, path string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", path)
}

// open connects and subscribes. The channel of events is closed when charon goes.
func (dial dialer) open(ctx context.Context, path string) (*session, error) {
	s := &session{events: make(chan vici.Event, 8192)}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var err error
	s.vici, err = vici.NewSession(vici.WithDialContext(func(context.Context, string, string) (net.Conn, error) {
		c, err := dial(ctx, path)
		if err == nil {
			s.conns = append(s.conns, c)
		}
		return c, err
	}))
	if err == nil {
		s.vici.NotifyEvents(s.events)
		s.deadline(1)
		err = s.vici.Subscribe(watched...)
	}
	if err == nil {
		err = s.conns[1].SetDeadline(time.Time{})
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) deadline(conn int) { _ = s.conns[conn].SetDeadline(time.Now().Add(callTimeout)) }

// close does not say goodbye: charon may be dead, and notices a closed socket.
func (s *session) close() {
	for _, c := range s.conns {
		c.Close()
	}
}

// call sends a command and reads its reply. The argument is a message, a struct or a
// map with vici tags, or nil.
func (s *session) call(command string, argument any) (*vici.Message, error) {
	m, err := message(argument)
	if err != nil {
		return nil, err
	}
	s.deadline(0)
	reply, err := s.vici.CommandRequest(command, m)
	if reply != nil && err != nil {
		return reply, &rejected{command: command, reason: err.Error()}
	}
	if err != nil {
		return nil, fmt.Errorf("vici %s: %w", command, err)
	}
	return reply, nil
}

// list sends a command whose answer is a row of events.
func (s *session) list(command, event string, argument any) ([]*vici.Message, error) {
	m, err := message(argument)
	if err != nil {
		return nil, err
	}
	s.deadline(0)
	replies, err := s.vici.StreamedCommandRequest(command, event, m)
	if err != nil {
		return nil, fmt.Errorf("vici %s: %w", command, err)
	}
	if len(replies) > 0 {
		last := replies[len(replies)-1]
		if err := last.Err(); err != nil {
			return nil, &rejected{command: command, reason: err.Error()}
		}
	}
	return replies, nil
}

func message(argument any) (*vici.Message, error) {
	switch a := argument.(type) {
	case nil:
		return nil, nil
	case *vici.Message:
		return a, nil
	}
	return vici.MarshalMessage(argument)
}

// isRejected says whether charon has answered, so that the session is still good.
func isRejected(err error) bool {
	var r *rejected
	return errors.As(err, &r)
}

// text is a value of a message; empty when there is none.
func text(m *vici.Message, key string) string {
	s, _ := m.Get(key).(string)
	return strings.ToValidUTF8(s, "?")
}

// sections are the messages within a message, by their keys.
func sections(m *vici.Message, each func(key string, section *vici.Message)) {
	if m == nil {
		return
	}
	for _, k := range m.Keys() {
		if sub, ok := m.Get(k).(*vici.Message); ok {
			each(k, sub)
		}
	}
}

// keys are the keys of a section.
func keys(m *vici.Message, section string) []string {
	sub, ok := m.Get(section).(*vici.Message)
	if !ok {
		return nil
	}
	return sub.Keys()
}
