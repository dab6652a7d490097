package sslvpn

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
	"github.com/gatewright/gatewright/internal/vpc"
)

// OpenVPN's kinds of control packets, in the upper five bits of the first byte.
const (
	controlV1     = 4
	resetClientV2 = 7
	resetServerV2 = 8
)

// opener begins a TLS session with an OpenVPN server and never goes on. It knows as much
// of the protocol as that takes, tls-crypt included: HMAC-SHA256 over header and text, whose
// first half is the counter of AES-256-CTR.
type opener struct {
	conn    net.Conn
	cipher  cipher.Block
	mac     []byte
	session [8]byte
	packet  uint32 // tls-crypt's number
	server  []byte // its session id, once known
}

// newOpener takes a client's half of a tls-crypt key.
func newOpener(t *testing.T, conn net.Conn, key vpc.Secret) *opener {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(key.Reveal()), "\n")
	raw, err := hex.DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	if err != nil || len(raw) != 256 {
		t.Fatalf("a tls-crypt key of %d bytes: %v", len(raw), err)
	}
	block, err := aes.NewCipher(raw[128:160])
	if err != nil {
		t.Fatal(err)
	}
	o := &opener{conn: conn, cipher: block, mac: raw[192:224]}
	_, _ = rand.Read(o.session[:])
	return o
}

func (o *opener) send(kind byte, text []byte) error {
	o.packet++
	head := append([]byte{kind << 3}, o.session[:]...)
	head = binary.BigEndian.AppendUint32(head, o.packet)
	head = binary.BigEndian.AppendUint32(head, uint32(time.Now().Unix()))
	sum := hmac.New(sha256.New, o.mac)
	sum.Write(head)
	sum.Write(text)
	tag := sum.Sum(nil)
	hidden := make([]byte, len(text))
	cipher.NewCTR(o.cipher, tag[:aes.BlockSize]).XORKeyStream(hidden, text)
	_, err := o.conn.Write(append(append(head, tag...), hidden...))
	return err
}

// step sends what comes next, waits a moment for an answer, and says whether the server
// has taken the session on: it has then acknowledged the beginning of a TLS handshake.
func (o *opener) step() (done bool, err error) {
	if o.server == nil {
		err = o.send(resetClientV2, make([]byte, 5)) // acknowledges nothing, message 0
	} else {
		text := append([]byte{1, 0, 0, 0, 0}, o.server...)               // acknowledges the server's message 0
		text = binary.BigEndian.AppendUint32(text, 1)                    // message 1:
		err = o.send(controlV1, append(text, 0x16, 3, 1, 2, 0, 1, 0, 1)) // the head of a record of 512 bytes
	}
	var buf [2048]byte
	_ = o.conn.SetReadDeadline(time.Now().Add(time.Second))
	n, readErr := o.conn.Read(buf[:])
	switch {
	case err != nil || errors.Is(readErr, os.ErrDeadlineExceeded):
		return false, err
	case readErr != nil:
		return false, readErr
	case n > 9 && buf[0]>>3 == resetServerV2 && o.server == nil:
		o.server = append([]byte(nil), buf[1:9]...)
		return false, nil
	}
	return n > 9 && buf[0]>>3 != resetServerV2, nil
}

// open goes on until the session is half open.
func (o *opener) open() error {
	return lab.Poll(2*lab.Patience, func() error {
		done, err := o.step()
		if err == nil && !done {
			err = fmt.Errorf("it is not half open, the server known: %t", o.server != nil)
		}
		return err
	})
}

// TestHalfOpen has somebody with the tls-crypt key of a profile begin 1,000 TLS sessions
// and let them lie. A good client comes in beside them, one that is in stays, and they cost
// the server little memory.
func TestHalfOpen(t *testing.T) {
	b := newBench(t)
	in, good, rogue := b.traveller(t), b.traveller(t), b.traveller(t)
	b.ready(t)
	in.dial()
	b.up(t, in)
	before := b.memory(t)
	const many = 1000
	waiting := make([]*opener, many)
	for i := range waiting {
		conn, err := rogue.Dial(context.Background(), "udp", public+":1194")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		waiting[i] = newOpener(t, conn, b.crypt)
	}
	pings := in.PingStart("172.16.0.1")
	began := time.Now()
	halfOpen(t, waiting)
	t.Logf("figure: %d half-open sessions made in %v", many, time.Since(began).Round(time.Millisecond))
	began = time.Now()
	good.dial()
	b.up(t, good)
	t.Logf("figure: a good client came in beside them in %v", time.Since(began).Round(time.Millisecond))
	t.Logf("figure: of the pings of one who was in, %v", pings.Stop())
	halfOpen(t, waiting) // they are all there at once
	after := b.memory(t)
	b.up(t, in)
	if n := in.times(); n != 1 {
		t.Errorf("who was in has connected %d times", n)
	}
	t.Logf("figure: they take %d KiB of memory", after-before)
	if after-before > many*256 {
		t.Errorf("%d half-open sessions take %d KiB", many, after-before)
	}
}

// halfOpen has every session be taken on, or still be there.
func halfOpen(t *testing.T, all []*opener) {
	t.Helper()
	ends := make(chan error)
	for _, o := range all {
		go func() { ends <- o.open() }()
	}
	failed, last := 0, error(nil)
	for range all {
		if err := <-ends; err != nil {
			failed, last = failed+1, err
		}
	}
	if failed > 0 {
		t.Fatalf("%d of %d sessions: %v", failed, len(all), last)
	}
}

// memory is the server's own, in KiB.
func (b *bench) memory(t *testing.T) (kib int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", b.pid(t)))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[0], "Private_") {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			kib += n
		}
	}
	return kib
}
