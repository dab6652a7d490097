package ipsec

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

var wireSeed = flag.Uint64("wireseed", 1, "of the noise that strangers send")

// TestWire is what nobody should say to a gateway, row by row, while a tunnel carries pings.
// The same daemon answers afterwards, nobody has got in, no ping is lost, no tunnel is told
// of as down, and in the end the daemon is no larger than a daemon may be.
func TestWire(t *testing.T) {
	t.Parallel()
	w := newWire(t, *wireSeed)
	pid := w.pid()
	size := memory(t, pid)
	for _, row := range []struct {
		name string
		do   func(w *wire)
	}{
		{"IKE_AUTH before SA_INIT", (*wire).authFirst},
		{"rekey of half-open SA", (*wire).rekeyHalfOpen},
		{"SPI 0", (*wire).noSPI},
		{"zero, empty and no KE", (*wire).badKeyExchange},
		{"max payload count", (*wire).manyPayloads},
		{"64 KiB", (*wire).large},
		{"IKE fragments", (*wire).fragments},
		{"IKEv1 fragments", (*wire).fragmentsV1},
		{"IP fragments", (*wire).fragmentsIP},
		{"aggressive-mode probing", (*wire).probeAggressive},
		{"vendor id overflow", (*wire).badVendor},
		{"delete with wrong protocol id", (*wire).badDelete},
		{"forged DELETE", (*wire).forgedDelete},
		{"forged INFORMATIONAL", (*wire).forgedInformational},
		{"truncated headers", (*wire).truncated},
		{"wrong lengths", (*wire).wrongLengths},
		{"wrong versions", (*wire).wrongVersions},
		{"NAT-T keepalives and non-ESP markers", (*wire).keepalives},
		{"random ESP", (*wire).randomESP},
		{"mutations of a good SA_INIT", (*wire).mutations},
	} {
		t.Run(row.name, func(t *testing.T) {
			defer w.under(t)()
			defer func() { w.refused = nil }()
			steady := w.steady(w.peer, w.other)
			row.do(w)
			w.begun() // the daemon has come to what was said after it, and answers
			w.outside()
			steady()
			if w.pid() != pid {
				t.Errorf("pid %d, then %d", pid, w.pid())
			}
		})
	}
	if grown := memory(t, pid) - size; grown > 64<<20 {
		t.Errorf("the daemon has grown by %d bytes", grown)
	}
	w.bounded()
	w.forgedAnswer()
}

// under makes a test of its own of what follows, until the result is called.
func (w *wire) under(t *testing.T) func() {
	site, lab := w.site.t, w.Lab.T
	w.site.t, w.Lab.T = t, t
	return func() { w.site.t, w.Lab.T = site, lab }
}

// steady watches tunnels until the result is called: no ping through them is lost, and none
// is ever said to be down.
func (w *wire) steady(peers ...*peer) func() {
	w.t.Helper()
	var pings []*lab.Pings
	for _, p := range peers {
		pings = append(pings, w.host.PingStart(p.inner()))
	}
	stop, fell := make(chan struct{}), make(chan string, 1)
	go func() {
		defer close(fell)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			for _, p := range peers {
				if st := w.state(id(p.n)); !st.Up {
					fell <- fmt.Sprintf("%s: %+v", id(p.n), st)
					return
				}
			}
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		w.t.Helper()
		for i, p := range peers {
			w.whole("tunnel to "+p.Name, pings[i], 0)
		}
		close(stop)
		if text, ok := <-fell; ok {
			w.t.Errorf("said to be down: %s", text)
		}
	}
}

// outside says that nobody is in who should not be, and nobody was agreed with.
func (w *wire) outside() {
	w.t.Helper()
	w.Eventually(lab.Patience, "only good IKE_SAs are established", func() error {
		if all, established := w.sas(); established != 2 {
			return fmt.Errorf("%d of %d", established, all)
		}
		return nil
	})
	for _, c := range w.refused {
		for m := c.hear(time.Millisecond); m != nil; m = c.hear(time.Millisecond) {
			all := unchain(m)
			if c.skER != nil {
				inner, _ := c.open(m) // in the clear there is nothing to open
				all = append(all, inner...)
			}
			if find(all, payloadSA) != nil || find(all, payloadSAv1) != nil || find(all, payloadHashV1) != nil {
				w.t.Errorf("agreed with: %x", m)
			}
		}
	}
}

// charonLog is what there is of the daemon's own log.
func (w *wire) charonLog() string {
	w.t.Helper()
	path := w.children.Path(childName(w.daemon.Name), endLog)
	old, _ := os.ReadFile(path + ".old") // there may be none
	text, err := os.ReadFile(path)
	if err != nil && len(old) == 0 {
		w.t.Fatal(err)
	}
	return string(old) + string(text)
}

// bounded says that the log is as large as it may be.
func (w *wire) bounded() {
	w.t.Helper()
	w.Eventually(lab.Patience, "the log is bounded", func() error {
		if size := len(w.charonLog()); size > 4*logLimit {
			return fmt.Errorf("%d bytes", size)
		}
		return nil
	})
}

func (w *wire) authFirst() {
	c := w.caller()
	c.skAI, c.skEI = w.noise(20), w.noise(16)
	c.spiR = w.rand.Uint64()
	c.tell(c.protect(exchangeAuth, payload{payloadIDi, append([]byte{2, 0, 0, 0}, roamer...)}),
		c.message(exchangeAuth, 1, payload{payloadIDi, append([]byte{2, 0, 0, 0}, roamer...)}, payload{payloadAuth, append([]byte{2, 0, 0, 0}, w.noise(20)...)}).bytes())
	c.spiR = 0
	c.tell(c.protect(exchangeAuth), c.message(exchangeAuth, 0, proposal(protocolIKE, nil), keyExchange(c.public)).bytes())
	c.spiI, c.spiR = w.ikeI, w.ikeR
	c.tell(c.protect(exchangeAuth), c.message(exchangeAuth, 1, payload{payloadAuth, w.noise(24)}).bytes())
}

// rekeyHalfOpen is CVE-2014-2338: what only an established IKE_SA may ask for, encrypted
// with good keys, and in the clear.
func (w *wire) rekeyHalfOpen() {
	esp := binary.BigEndian.AppendUint32(nil, w.espIn)
	rekeyIKE := []payload{proposal(protocolIKE, w.noise(8)), {payloadNonce, w.noise(32)}, keyExchange(w.noise(128))}
	rekeyESP := []payload{{payloadNotify, slices.Concat([]byte{protocolESP, 4, notifyRekey >> 8, notifyRekey & 255}, esp)}, proposal(protocolESP, w.noise(4)), {payloadNonce, w.noise(32)}}
	for _, what := range [][]payload{rekeyIKE, rekeyESP} {
		c := w.begun()
		c.tell(c.message(exchangeChild, 1, what...).bytes(), c.protect(exchangeChild, what...), c.protect(exchangeChild, what...))
		c = w.begun()
		c.nextID = 0
		c.tell(c.protect(exchangeChild, what...))
	}
}

func (w *wire) noSPI() {
	c := w.caller()
	good := c.init()
	for _, exchange := range []byte{exchangeMain, exchangeAggressive, exchangeInfoV1, exchangeInit, exchangeAuth, exchangeChild, exchangeInfo} {
		m := slices.Clone(good)
		clear(m[:16])
		m[18] = exchange
		c.tell(m)
		m = slices.Clone(m)
		m[19] = isResponse
		c.tell(m)
	}
	m := ikeMessage{version: 0x10, exchange: exchangeMain, payloads: []payload{proposalV1()}}
	c.tell(m.bytes())
	m.spiR = 1
	c.tell(m.bytes())
}

func (w *wire) badKeyExchange() {
	one, less := make([]byte, 128), modp1024.Bytes()
	one[127] = 1
	less[127]--
	for _, ke := range []payload{
		keyExchange(make([]byte, 128)), keyExchange(one), keyExchange(less), keyExchange(modp1024.Bytes()),
		keyExchange(nil), keyExchange([]byte{1}), keyExchange(make([]byte, 4096)), {payloadKE, nil}, {payloadKE, []byte{0}},
		{payloadKE, append([]byte{0xff, 0xff, 0, 0}, make([]byte, 128)...)}, {payloadKE, append([]byte{0, 14, 0, 0}, make([]byte, 128)...)},
		{payloadVendor, nil}, // none at all
	} {
		c := w.caller()
		c.tell(c.message(exchangeInit, 0, proposal(protocolIKE, nil), ke, payload{payloadNonce, c.nonce}).bytes())
	}
	// Also of somebody who has got in, for a new IKE_SA.
	for _, ke := range []payload{keyExchange(make([]byte, 128)), keyExchange(nil), {payloadKE, nil}} {
		c := w.begun()
		c.enter()
		c.tell(c.protect(exchangeChild, proposal(protocolIKE, w.noise(8)), payload{payloadNonce, w.noise(32)}, ke))
		c.leave()
	}
}

// leave ends an established IKE_SA.
func (c *caller) leave() {
	c.w.t.Helper()
	c.say(c.protect(exchangeInfo, payload{payloadDelete, []byte{protocolIKE, 0, 0, 0}}))
}

func (w *wire) manyPayloads() {
	for _, count := range []int{21, 2000, 16000} {
		for _, kind := range []byte{payloadSA, payloadKE, payloadNonce, payloadNotify, payloadVendor, 200} {
			body := []byte(nil)
			if kind == payloadNotify && count < 16000 {
				body = []byte{0, 0, 1, 0}
			}
			many := slices.Repeat([]payload{{kind, body}}, count)
			c := w.caller()
			if kind < payloadNonce {
				c.tell(c.message(exchangeInit, 0, many...).bytes())
			} else {
				c.say(c.init(many...))
			}
			if count > 2000 {
				continue
			}
			c = w.begun()
			c.say(c.protect(exchangeAuth, many...))
		}
	}
	// One SA with more proposals and transforms than a byte counts.
	c := w.caller()
	one := proposal(protocolIKE, nil).body
	one[0] = 2
	c.tell(c.message(exchangeInit, 0, payload{payloadSA, slices.Repeat(one, 200)}, keyExchange(c.public)).bytes())
	transforms := slices.Repeat([]byte{3, 0, 0, 8, 4, 0, 0, 2}, 1000)
	head := binary.BigEndian.AppendUint16([]byte{0, 0}, uint16(8+len(transforms)))
	c.tell(c.message(exchangeInit, 0, payload{payloadSA, slices.Concat(head, []byte{1, 1, 0, 255}, transforms)}, keyExchange(c.public)).bytes())
}

func (w *wire) large() {
	const most = 65535 - 20 - 8
	for _, size := range []int{9000, 9999, 10000, 10001, 20000, most} {
		c := w.caller()
		good := c.init()
		c.say(c.init(payload{payloadVendor, w.noise(size - len(good) - 4)}))
		c.say(w.noise(size))
		c = w.begun()
		c.say(c.protect(exchangeAuth, payload{payloadVendor, w.noise(size - 100)}))
	}
}

// fragments are of IKE_AUTH, encrypted with good keys (RFC 7383).
func (w *wire) fragments() {
	part := w.noise(1200)
	for _, numbers := range [][][2]uint16{
		{{0, 0}}, {{0, 1}}, {{1, 0}}, {{2, 1}}, {{1, 65535}, {65535, 65535}}, // no such part
		{{1, 3}, {1, 3}, {2, 3}, {1, 4}, {3, 3}, {3, 4}},     // twice, and of another whole
		{{3, 3}, {2, 3}, {1, 3}},                             // backwards
		{{1, 2}, {2, 2}}, {{1, 1}}, {{2, 5}, {1, 2}, {2, 2}}, // a smaller whole
	} {
		c := w.begun()
		for _, n := range numbers {
			c.tell(c.fragment(exchangeAuth, 1, n[0], n[1], payloadIDi, part))
		}
		c.tell(c.fragment(exchangeAuth, 1, 1, 1, payloadPart, nil))
		c.tell(c.fragment(exchangeAuth, 1, 1, 1, payloadSK, part))
	}
	c := w.begun()
	for n := range uint16(60) { // more than 64 KiB in all
		c.tell(c.fragment(exchangeAuth, 1, n+1, 60, payloadIDi, part))
	}
	c = w.begun()
	for n := range uint16(500) { // and without an end
		c.tell(c.fragment(exchangeAuth, 1, n+1, 65535, payloadIDi, part[:16]))
	}
	// In the clear, for an SA that lives.
	c.spiI, c.spiR = w.ikeI, w.ikeR
	for n := range uint16(5) {
		w.forge(c.fragment(exchangeInfo, uint32(n), n, 2, payloadDelete, part))
	}
}

// fragmentsV1 are of IKEv1, where they are not encrypted.
func (w *wire) fragmentsV1() {
	canFragment := payload{payloadVendorV1, []byte("\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3\x80\x00\x00\x00")}
	for _, numbers := range [][][2]byte{
		{{0, 0}}, {{0, 1}}, {{255, 1}}, {{1, 1}, {1, 1}},
		{{1, 0}, {2, 0}, {2, 1}, {1, 1}, {3, 0}}, // which one is the last?
		{{3, 1}, {2, 0}, {1, 0}},
	} {
		c := w.caller()
		answer := c.ask(ikeMessage{spiI: c.spiI, version: 0x10, exchange: exchangeMain, payloads: []payload{proposalV1(), canFragment}}.bytes())
		c.spiR = binary.BigEndian.Uint64(answer[8:])
		say := func(number, last byte, data []byte) {
			m := ikeMessage{spiI: c.spiI, spiR: c.spiR, version: 0x10, exchange: exchangeMain,
				payloads: []payload{{payloadPartV1, slices.Concat([]byte{0, 1, number, last}, data)}}}
			c.tell(m.bytes())
		}
		for _, n := range numbers {
			say(n[0], n[1], w.noise(1200))
			say(n[0], n[1], nil)
		}
		for n := range byte(60) { // more than a message may be
			say(n+1, 0, w.noise(1200))
		}
	}
}

func (w *wire) fragmentsIP() {
	c := w.caller()
	whole := lab.Datagram(5000, 500, c.init(payload{payloadVendor, w.noise(600)}))
	from, to := netip.MustParseAddr("198.51.100.100"), gatewayAt(500).Addr()
	identification := uint16(1)
	send := func(parts ...[3]int) { // from, to, whether more follows
		for _, p := range parts {
			data := whole[min(p[0], len(whole)-8):min(p[1], len(whole))]
			w.raw.Fragment(from, to, 17, identification, uint16(p[0]/8), p[2] == 1, data)
		}
		identification++
	}
	end := len(whole)
	send([3]int{0, 400, 1}, [3]int{200, end, 0})                     // overlapping
	send([3]int{0, 400, 1}, [3]int{80, 160, 0})                      // one within another
	send([3]int{400, end, 0}, [3]int{0, 480, 1})                     // and backwards
	send([3]int{0, 8, 1}, [3]int{8, 16, 1}, [3]int{8, end, 0})       // a header in pieces
	send([3]int{65528, 65536, 0}, [3]int{0, 400, 1})                 // beyond the longest packet
	send([3]int{400, end, 0}, [3]int{400, end, 1}, [3]int{0, 80, 0}) // two ends
	for range 300 {
		send([3]int{0, 400, 1}) // and nothing follows
	}
	// What is only cut is read: the whole of it, in many parts.
	c = w.caller()
	if answer := c.ask(c.init(payload{payloadVendor, w.noise(6000)})); len(answer) < 28 {
		w.t.Errorf("answer %x", answer)
	}
}

// probeAggressive asks for the hash of a key, from which the key can be guessed at leisure,
// where no tunnel of the gateway has the aggressive mode.
func (w *wire) probeAggressive() {
	before := strings.Count(w.charonLog(), "Aggressive Mode PSK disabled")
	for _, identity := range [][]byte{
		append([]byte{2, 17, 0, 0}, "older.example"...), append([]byte{2, 0, 0, 0}, roamer...), {1, 17, 1, 244, 198, 51, 100, 11}, {11, 0, 0, 0}, {2, 0, 0, 0},
	} {
		c := w.caller()
		m := ikeMessage{spiI: c.spiI, version: 0x10, exchange: exchangeAggressive, payloads: []payload{
			proposalV1(), {payloadKEv1, c.public}, {payloadNonceV1, c.nonce}, {payloadIDv1, identity}}}
		c.tell(m.bytes())
		m.payloads[0] = payload{payloadSAv1, nil}
		c.tell(m.bytes())
	}
	w.Eventually(lab.Patience, "the gateway says why not", func() error {
		if strings.Count(w.charonLog(), "Aggressive Mode PSK disabled") <= before {
			return errors.New("not yet")
		}
		return nil
	})
}

func (w *wire) badVendor() {
	for _, body := range [][]byte{nil, {0}, w.noise(4096), slices.Repeat([]byte{0xff}, 9000), []byte(strings.Repeat("%n%s", 500)), []byte("strongSwan\x00\r\n\x1b[2J")} {
		c := w.caller()
		if len(body) < 9000 {
			c.begin()
		}
		c.say(c.init(slices.Repeat([]payload{{payloadVendor, body}}, 2)...))
		m := ikeMessage{spiI: c.spiI, version: 0x10, exchange: exchangeMain, payloads: []payload{proposalV1(), {payloadVendorV1, body}}}
		c.say(m.bytes())
	}
	// One whose length reaches beyond the message, or not over its own header.
	for _, length := range []uint16{0, 1, 3, 5, 60000, math.MaxUint16} {
		c := w.caller()
		m := c.message(exchangeInit, 0, payload{payloadVendor, nil}, proposal(protocolIKE, nil), keyExchange(c.public)).bytes()
		binary.BigEndian.PutUint16(m[30:], length)
		c.tell(m)
	}
}

// badDelete has somebody who has got in, and who wants more to go than is his.
func (w *wire) badDelete() {
	theirs := binary.BigEndian.AppendUint32(nil, w.espIn)
	ike := binary.BigEndian.AppendUint64(nil, w.ikeR)
	for _, body := range [][]byte{
		slices.Concat([]byte{0, 4, 0, 1}, theirs), slices.Concat([]byte{2, 4, 0, 1}, theirs), slices.Concat([]byte{77, 4, 0, 1}, theirs), slices.Concat([]byte{255, 4, 0, 1}, theirs),
		slices.Concat([]byte{protocolESP, 4, 0, 1}, theirs), // not his
		slices.Concat([]byte{protocolESP, 4, 255, 255}, theirs), slices.Concat([]byte{protocolESP, 0, 255, 255}, theirs), slices.Concat([]byte{protocolESP, 8, 0, 1}, ike),
		slices.Concat([]byte{protocolIKE, 8, 0, 1}, ike), slices.Concat([]byte{protocolIKE, 4, 0, 1}, theirs), {protocolESP, 255, 0, 1}, {protocolESP}, nil,
	} {
		c := w.begun()
		c.enter()
		c.tell(c.protect(exchangeInfo, payload{payloadDelete, body}))
		c.leave()
		// From one who has not got in it is as little worth.
		c = w.begun()
		c.tell(c.protect(exchangeInfo, payload{payloadDelete, body}))
	}
}

// forgedDelete comes from the peer's address with the SPIs of the live tunnel, without its keys.
func (w *wire) forgedDelete() {
	c := newInitiator()
	c.spiI, c.spiR = w.ikeI, w.ikeR
	c.skAI, c.skEI = w.noise(20), w.noise(16)
	for id := range uint32(6) {
		for _, flags := range []byte{0, fromInitiator, isResponse, fromInitiator | isResponse} {
			for _, body := range [][]byte{{protocolIKE, 0, 0, 0}, binary.BigEndian.AppendUint32([]byte{protocolESP, 4, 0, 1}, w.espIn)} {
				m := c.message(exchangeInfo, id, payload{payloadDelete, body})
				m.flags = flags
				w.forge(m.bytes())
				w.forge(c.seal(m, payloadSK, payloadDelete, nil, chain(m.payloads)))
			}
		}
	}
	for _, body := range [][]byte{
		slices.Concat([]byte{0, 0, 0, 1, protocolIKE, 16, 0, 1}, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, w.ikeI), w.ikeR)),
		binary.BigEndian.AppendUint32([]byte{0, 0, 0, 1, protocolESP, 4, 0, 1}, w.espIn),
	} {
		m := ikeMessage{spiI: w.ikeI, spiR: w.ikeR, version: 0x10, exchange: exchangeInfoV1, id: 7, payloads: []payload{{payloadDeleteV1, body}}}
		w.forge(m.bytes())
		m.spiI, m.spiR = w.rand.Uint64(), w.rand.Uint64()
		w.forge(m.bytes())
	}
}

func (w *wire) forgedInformational() {
	c := newInitiator()
	c.spiI, c.spiR = w.ikeI, w.ikeR
	for id := range uint32(4) {
		for _, flags := range []byte{0, fromInitiator, isResponse, fromInitiator | isResponse} {
			for _, kind := range []uint16{notifyInvalidSPI, notifyInvalidMajor, notifyInvalidSyntax, 11, notifyNoProposal, notifyInvalidKE, notifyAuthFailed, 16384, 16396, 16400} {
				m := c.message(exchangeInfo, id, notify(kind, w.noise(8)...))
				m.flags = flags
				w.forge(m.bytes())
			}
		}
	}
	for kind := uint16(1); kind <= 30; kind++ {
		m := ikeMessage{spiI: w.ikeI, spiR: w.ikeR, version: 0x10, exchange: exchangeInfoV1, id: uint32(kind),
			payloads: []payload{{payloadNotifyV1, binary.BigEndian.AppendUint16([]byte{0, 0, 0, 1, protocolIKE, 0}, kind)}}}
		w.forge(m.bytes())
	}
}

// forgedAnswer is what 5.9 obeys: an answer to SA_INIT, never encrypted, that bears the SPIs
// and the next number of an SA that lives. Who can hear a tunnel can end it so. It is back by
// itself, and its neighbour loses nothing.
func (w *wire) forgedAnswer() {
	steady := w.steady(w.other)
	for id := range uint32(6) {
		w.forge(ikeMessage{spiI: w.ikeI, spiR: w.ikeR, version: 0x20, exchange: exchangeInit, flags: isResponse, id: id, payloads: []payload{notify(notifyInvalidSyntax)}}.bytes())
	}
	w.begun()
	w.becomes(id(1), true, lab.Patience)
	w.carries(w.peer)
	w.outside()
	steady()
}

func (w *wire) truncated() {
	c := w.caller()
	good := c.init()
	for n := range 64 {
		c.tell(good[:n])
		m := slices.Clone(good[:n])
		if n >= 28 {
			binary.BigEndian.PutUint32(m[24:], uint32(n))
		}
		c.tell(m)
		w.forge(m)
	}
	c.tell(good[:len(good)-1])
}

func (w *wire) wrongLengths() {
	for _, length := range []uint32{0, 1, 27, 28, 29, 32, 65535, 65536, math.MaxInt32, math.MaxUint32} {
		c := w.caller()
		m := c.init()
		binary.BigEndian.PutUint32(m[24:], length)
		c.say(m) // charon goes by the datagram's length
	}
	for _, at := range []int{30, 34, 42} { // of the SA, its proposal, its first transform
		for _, length := range []uint16{0, 1, 7, 9, 1000, math.MaxUint16} {
			c := w.caller()
			m := c.init()
			binary.BigEndian.PutUint16(m[at:], length)
			c.tell(m)
		}
	}
}

func (w *wire) wrongVersions() {
	for _, version := range []byte{0x00, 0x01, 0x0f} {
		c := w.caller()
		m := c.init()
		m[17] = version
		c.tell(m)
	}
	for _, version := range []byte{0x30, 0x3f, 0xf0, 0xff} {
		c := w.caller()
		m := c.init()
		m[17] = version
		c.noted(m, notifyInvalidMajor)
	}
	// A later minor version is read as this one (RFC 7296, 2.5).
	c := w.caller()
	m := c.init()
	m[17] = 0x2f
	c.ask(m)
	// Each version's exchanges in the other's words.
	for exchange := range byte(60) {
		for _, version := range []byte{0x10, 0x20} {
			if version == 0x10 && exchange == exchangeMain || version == 0x20 && exchange == exchangeInit {
				continue
			}
			c.tell(ikeMessage{spiI: w.rand.Uint64(), version: version, exchange: exchange, flags: fromInitiator, payloads: []payload{proposal(protocolIKE, nil), proposalV1()}}.bytes())
			w.forge(ikeMessage{spiI: w.ikeI, spiR: w.ikeR, version: version, exchange: exchange, flags: fromInitiator}.bytes())
		}
	}
}

func (w *wire) keepalives() {
	marker := make([]byte, 4)
	for range 100 {
		for _, data := range [][]byte{{0xff}, {0xff, 0xff}, {0}, nil, marker[:3], marker, slices.Concat(marker, marker), slices.Concat(marker, w.noise(40)), append(marker[:4:4], 0xff)} {
			w.send(w.anywhere(), gatewayAt(4500), data)
			w.send(peerAt(4500), gatewayAt(4500), data)
			w.send(w.anywhere(), gatewayAt(500), data)
		}
	}
	c := newInitiator()
	w.send(w.anywhere(), gatewayAt(4500), c.init())                                // without the marker
	w.send(w.anywhere(), gatewayAt(500), slices.Concat(marker, c.init()))          // with it where there is none
	w.send(w.anywhere(), gatewayAt(4500), slices.Concat(marker, marker, c.init())) // and twice
}

// randomESP is for the SPI of the live tunnel and for others, from its peer and from
// strangers, in UDP and bare. The window of its sequence numbers must not move.
func (w *wire) randomESP() {
	for n := range 200 {
		size := []int{0, 1, 4, 16, 40, 64, 100, 1400}[n%8]
		for _, spi := range []uint32{w.espIn, w.espIn + 1, 1, 255, math.MaxUint32, w.rand.Uint32()} {
			sequence := []uint32{0, 1, uint32(n), 1 << 20, math.MaxUint32}[n%5]
			esp := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, spi), sequence)
			esp = append(esp, w.noise(size)...)
			from := peerAt(4500)
			if n%2 == 1 {
				from = w.anywhere()
			}
			w.send(from, gatewayAt(4500), esp)
			w.raw.Fragment(from.Addr(), gatewayAt(0).Addr(), 50, 0, 0, false, esp)
		}
	}
}

// mutations flips, cuts, repeats and inserts bytes of a good SA_INIT.
func (w *wire) mutations() {
	w.t.Logf("-wireseed=%d", *wireSeed)
	marker := make([]byte, 4)
	for range 600 {
		m := newInitiator().init()
		for range 1 + w.rand.UintN(4) {
			at := int(w.rand.UintN(uint(len(m) - 8)))
			size := int(1 + w.rand.UintN(8))
			switch w.rand.UintN(5) {
			case 0:
				m[at] ^= 1 << w.rand.UintN(8)
			case 1:
				copy(m[at:], w.noise(size))
			case 2:
				m = slices.Insert(m, at, w.noise(size)...)
			case 3:
				m = slices.Delete(m, at, at+size)
			case 4:
				binary.BigEndian.PutUint16(m[at:], []uint16{0, 1, 0x7fff, 0x8000, 0xffff}[w.rand.UintN(5)])
			}
			if w.rand.UintN(2) == 0 { // most would end at a wrong length
				binary.BigEndian.PutUint32(m[24:], uint32(len(m)))
			}
		}
		w.send(w.anywhere(), gatewayAt(500), m)
		w.send(w.anywhere(), gatewayAt(4500), slices.Concat(marker, m))
	}
}
