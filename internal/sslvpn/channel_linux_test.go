package sslvpn

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/vpc"
)

// OpenVPN's kinds of control packets, in the upper five bits of the first byte.
const (
	controlV1     = 4
	ackV1         = 5
	resetClientV2 = 7
	resetServerV2 = 8
)

// channel is a client's end of OpenVPN's control channel over UDP, for clients that do what
// OpenVPN's own would not. It knows as much of the protocol as that takes: tls-crypt
// (HMAC-SHA256 over header and text, whose first half is the counter of AES-256-CTR), and
// messages that are acknowledged and come in order. Begun, it is a net.Conn that carries
// TLS, for one goroutine.
type channel struct {
	net.Conn
	out, in seal
	session [8]byte
	count   uint32        // tls-crypt's number of the last packet
	peer    []byte        // the server's session id, once known
	seen    []uint32      // the server's last messages, which every packet acknowledges
	next    uint32        // the server's next message
	sent    uint32        // our last message
	text    []byte        // what has come and is not read
	wait    time.Duration // of Read
}

// seal is what tls-crypt has for one direction.
type seal struct {
	cipher cipher.Block
	mac    []byte
}

// newChannel takes the key of a profile, whose second half is the client's for what it
// sends.
func newChannel(t *testing.T, conn net.Conn, key vpc.Secret) *channel {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(key.Reveal()), "\n")
	raw, err := hex.DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	if err != nil || len(raw) != 256 {
		t.Fatalf("a tls-crypt key of %d bytes: %v", len(raw), err)
	}
	half := func(raw []byte) seal {
		block, err := aes.NewCipher(raw[:32])
		if err != nil {
			t.Fatal(err)
		}
		return seal{block, raw[64:96]}
	}
	c := &channel{Conn: conn, out: half(raw[128:]), in: half(raw), wait: lab.Patience}
	_, _ = rand.Read(c.session[:])
	return c
}

// tag is over a packet's head and its clear text.
func (s seal) tag(head, text []byte) []byte {
	sum := hmac.New(sha256.New, s.mac)
	sum.Write(head)
	sum.Write(text)
	return sum.Sum(nil)
}

func (s seal) crypt(tag, text []byte) []byte {
	out := make([]byte, len(text))
	cipher.NewCTR(s.cipher, tag[:aes.BlockSize]).XORKeyStream(out, text)
	return out
}

// send sends one packet.
func (c *channel) send(kind byte, message uint32, payload []byte) error {
	c.count++
	head := append([]byte{kind << 3}, c.session[:]...)
	head = binary.BigEndian.AppendUint32(head, c.count)
	head = binary.BigEndian.AppendUint32(head, uint32(time.Now().Unix()))
	text := []byte{byte(len(c.seen))}
	for _, n := range c.seen {
		text = binary.BigEndian.AppendUint32(text, n)
	}
	text = append(text, c.peer...)
	if kind != ackV1 {
		text = binary.BigEndian.AppendUint32(text, message)
	}
	text = append(text, payload...)
	tag := c.out.tag(head, text)
	_, err := c.Conn.Write(append(append(head, tag...), c.out.crypt(tag, text)...))
	return err
}

// receive takes one packet, and gives which of our messages it acknowledges.
func (c *channel) receive(within time.Duration) (acks []uint32, err error) {
	var buf [2048]byte
	if err := c.Conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return nil, err
	}
	n, err := c.Conn.Read(buf[:])
	if err != nil {
		return nil, err
	}
	const head, tag = 17, 49
	if n < tag+1 {
		return nil, fmt.Errorf("a packet of %d bytes", n)
	}
	text := c.in.crypt(buf[head:tag], buf[tag:n])
	if !hmac.Equal(c.in.tag(buf[:head], text), buf[head:tag]) {
		return nil, errors.New("a packet that is not the server's")
	}
	count := int(text[0])
	if text = text[1:]; len(text) < 4*count+8 {
		return nil, errors.New("a packet that is cut off")
	}
	for range count {
		acks, text = append(acks, binary.BigEndian.Uint32(text)), text[4:]
	}
	if count > 0 {
		text = text[8:] // our session id
	}
	if kind := buf[0] >> 3; kind == ackV1 {
		return acks, nil
	} else if kind == resetServerV2 && c.peer == nil {
		c.peer = append(c.peer, buf[1:9]...)
	}
	return acks, c.take(text)
}

// take takes a message of the server, if it is the next one or has come before.
func (c *channel) take(text []byte) error {
	if len(text) < 4 {
		return errors.New("a message that is cut off")
	}
	n := binary.BigEndian.Uint32(text)
	switch {
	case n > c.next:
		return nil // it comes again
	case n == c.next:
		c.next++
		c.text = append(c.text, text[4:]...)
	}
	if !slices.Contains(c.seen, n) {
		c.seen = append(c.seen[max(0, len(c.seen)-3):], n)
	}
	return nil
}

// resend is how long the channel waits for an acknowledgement before it sends again.
const resend = 300 * time.Millisecond

// insist tries until it works, unless the connection is closed.
func (c *channel) insist(try func() error) error {
	var closed error
	err := lab.Poll(lab.Patience, func() error {
		err := try()
		if errors.Is(err, net.ErrClosed) {
			closed = err
			return nil
		}
		return err
	})
	return errors.Join(err, closed)
}

// begin makes the channel: the server answers.
func (c *channel) begin() error {
	return c.insist(func() error {
		if err := c.send(resetClientV2, 0, nil); err != nil {
			return err
		}
		if _, err := c.receive(resend); err != nil {
			return err
		}
		if c.peer == nil {
			return errors.New("the server does not begin")
		}
		return nil
	})
}

// Write sends some of TLS, and returns when the server has it.
func (c *channel) Write(b []byte) (int, error) {
	const most = 1000
	for part := range slices.Chunk(b, most) {
		c.sent++
		if err := c.insist(func() error { return c.deliver(c.sent, part) }); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// deliver sends a message once, and waits a moment for its acknowledgement.
func (c *channel) deliver(message uint32, part []byte) error {
	if err := c.send(controlV1, message, part); err != nil {
		return err
	}
	for {
		acks, err := c.receive(resend)
		if err != nil || slices.Contains(acks, message) {
			return err
		}
	}
}

// Read gives what the server has sent of TLS.
func (c *channel) Read(b []byte) (int, error) {
	for len(c.text) == 0 {
		if _, err := c.receive(c.wait); err != nil {
			return 0, err
		}
		if err := c.send(ackV1, 0, nil); err != nil {
			return 0, err
		}
	}
	n := copy(b, c.text)
	c.text = c.text[n:]
	return n, nil
}

// hello is what a client says of itself when TLS stands.
type hello struct{ options, user, password, info string }

// bytes writes OpenVPN's second method of keys: random bytes, and texts that end with a
// zero and have their length before them.
func (h hello) bytes() []byte {
	random := make([]byte, 48+32+32)
	_, _ = rand.Read(random)
	out := append([]byte{0, 0, 0, 0, 2}, random...)
	for _, text := range []string{h.options, h.user, h.password, h.info} {
		out = binary.BigEndian.AppendUint16(out, uint16(len(text)+1))
		out = append(append(out, text...), 0)
	}
	return out
}

// greet begins the channel, and TLS with a certificate, says what a client says, asks to
// be let in until there is an answer, and gives that.
func (c *channel) greet(pair tls.Certificate, h hello) (answer string, err error) {
	if err := c.begin(); err != nil {
		return "", err
	}
	line := tls.Client(c, &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true})
	if _, err := line.Write(h.bytes()); err != nil {
		return "", err
	}
	c.wait = 50 * time.Millisecond // OpenVPN does not hear who asks before it has decided
	buf := make([]byte, 4096)
	err = c.insist(func() error {
		if _, err := line.Write([]byte("PUSH_REQUEST\x00")); err != nil {
			return err
		}
		for {
			n, err := line.Read(buf)
			if err != nil {
				return err
			}
			answer = strings.TrimRight(string(buf[:n]), "\x00")
			if strings.HasPrefix(answer, "PUSH_REPLY") || strings.HasPrefix(answer, "AUTH_FAILED") {
				return nil
			}
		}
	})
	return answer, err
}
