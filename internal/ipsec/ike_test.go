package ipsec

import (
	"bytes"
	"crypto/aes"
	blocks "crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"math/big"
	"slices"
)

// IKE as far as somebody needs it who wants to say it wrong (RFC 7296, 7383, 2409): the
// initiator's side with one suite, AES-CBC-128, HMAC-SHA1 and MODP-1024.

// Exchanges.
const (
	exchangeMain       = 2
	exchangeAggressive = 4
	exchangeInfoV1     = 5
	exchangeInit       = 34
	exchangeAuth       = 35
	exchangeChild      = 36
	exchangeInfo       = 37
)

// Payloads.
const (
	payloadSAv1     = 1
	payloadKEv1     = 4
	payloadIDv1     = 5
	payloadHashV1   = 8
	payloadNonceV1  = 10
	payloadNotifyV1 = 11
	payloadDeleteV1 = 12
	payloadVendorV1 = 13
	payloadPartV1   = 132 // a fragment
	payloadSA       = 33
	payloadKE       = 34
	payloadIDi      = 35
	payloadAuth     = 39
	payloadNonce    = 40
	payloadNotify   = 41
	payloadDelete   = 42
	payloadVendor   = 43
	payloadTSi      = 44
	payloadTSr      = 45
	payloadSK       = 46
	payloadPart     = 53 // encrypted and a fragment
)

// Notifications.
const (
	notifyInvalidSPI    = 4
	notifyInvalidMajor  = 5
	notifyInvalidSyntax = 7
	notifyNoProposal    = 14
	notifyInvalidKE     = 17
	notifyAuthFailed    = 24
	notifyIPComp        = 16387
	notifyCookie        = 16390
	notifyNATOurs       = 16388
	notifyNATTheirs     = 16389
	notifyRekey         = 16393
	notifyFragments     = 16430
)

// Flags of a header.
const (
	fromInitiator = 0x08
	isResponse    = 0x20
)

// payload is one of a message.
type payload struct {
	kind byte
	body []byte
}

// notify is a notification of no SA.
func notify(kind uint16, data ...byte) payload {
	return payload{payloadNotify, append(binary.BigEndian.AppendUint16([]byte{0, 0}, kind), data...)}
}

// ikeMessage is one that need not make sense.
type ikeMessage struct {
	spiI, spiR uint64
	version    byte
	exchange   byte
	flags      byte
	id         uint32
	payloads   []payload
}

func (m ikeMessage) bytes() []byte {
	next := byte(0)
	if len(m.payloads) > 0 {
		next = m.payloads[0].kind
	}
	return m.around(next, chain(m.payloads))
}

// around puts the header before a body.
func (m ikeMessage) around(next byte, body []byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, m.spiI)
	b = binary.BigEndian.AppendUint64(b, m.spiR)
	b = append(b, next, m.version, m.exchange, m.flags)
	b = binary.BigEndian.AppendUint32(b, m.id)
	b = binary.BigEndian.AppendUint32(b, uint32(28+len(body)))
	return append(b, body...)
}

// chain joins payloads by their headers. A length that 16 bits cannot hold wraps.
func chain(all []payload) (b []byte) {
	for i, p := range all {
		next := byte(0)
		if i+1 < len(all) {
			next = all[i+1].kind
		}
		b = append(b, next, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(4+len(p.body)))
		b = append(b, p.body...)
	}
	return b
}

// unchain reads the payloads of a message in the clear, as far as they are whole.
func unchain(m []byte) (out []payload) {
	if len(m) < 28 {
		return nil
	}
	next, rest := m[16], m[28:]
	for next != 0 && len(rest) >= 4 {
		length := int(binary.BigEndian.Uint16(rest[2:]))
		if length < 4 || length > len(rest) {
			return out
		}
		out = append(out, payload{next, rest[4:length]})
		next, rest = rest[0], rest[length:]
	}
	return out
}

// find is the body of the first payload of a kind.
func find(all []payload, kind byte) []byte {
	for _, p := range all {
		if p.kind == kind {
			return p.body
		}
	}
	return nil
}

// notified is the data of a notification.
func notified(all []payload, kind uint16) (data []byte, ok bool) {
	for _, p := range all {
		if p.kind == payloadNotify && len(p.body) >= 4 && binary.BigEndian.Uint16(p.body[2:]) == kind {
			return p.body[4:], true
		}
	}
	return nil, false
}

// Protocols of a proposal and of a DELETE.
const (
	protocolIKE = 1
	protocolAH  = 2
	protocolESP = 3
)

// proposal is the one suite in an SA payload of IKEv2.
func proposal(protocol byte, spi []byte) payload {
	transforms := []byte{
		3, 0, 0, 12, 1, 0, 0, 12, 0x80, 14, 0, 128, // AES-CBC-128
		3, 0, 0, 8, 3, 0, 0, 2, // HMAC-SHA1-96
	}
	count := byte(4)
	if protocol == protocolIKE {
		transforms = append(transforms, 3, 0, 0, 8, 2, 0, 0, 2, 0, 0, 0, 8, 4, 0, 0, 2) // PRF-HMAC-SHA1, MODP-1024
	} else {
		count = 3
		transforms = append(transforms, 0, 0, 0, 8, 5, 0, 0, 0) // no ESN
	}
	b := binary.BigEndian.AppendUint16([]byte{0, 0}, uint16(8+len(spi)+len(transforms)))
	b = append(b, 1, protocol, byte(len(spi)), count)
	return payload{payloadSA, slices.Concat(b, spi, transforms)}
}

// alternatives joins proposals, the first of which is to be preferred.
func alternatives(all ...payload) payload {
	var body []byte
	for i, p := range all {
		b := slices.Clone(p.body)
		if b[4] = byte(i + 1); i+1 < len(all) {
			b[0] = 2 // another follows
		}
		body = append(body, b...)
	}
	return payload{payloadSA, body}
}

// proposalV1 is the same suite with a pre-shared key in IKEv1.
func proposalV1() payload {
	return payload{payloadSAv1, []byte{
		0, 0, 0, 1, 0, 0, 0, 1, // IPsec, identity alone
		0, 0, 0, 44, 1, 1, 0, 1, // one proposal with one transform
		0, 0, 0, 36, 1, 1, 0, 0,
		0x80, 1, 0, 7, 0x80, 14, 0, 128, 0x80, 2, 0, 2, 0x80, 3, 0, 1, 0x80, 4, 0, 2, 0x80, 11, 0, 1, 0x80, 12, 0x70, 0x80,
	}}
}

// modp1024 is the prime of Diffie-Hellman group 2 (RFC 2409, 6.2).
var modp1024, _ = new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)

// keyExchange is a KE payload of group 2.
func keyExchange(public []byte) payload {
	return payload{payloadKE, append([]byte{0, 2, 0, 0}, public...)}
}

// initiator is who begins an IKE_SA.
type initiator struct {
	spiI, spiR      uint64
	private         *big.Int
	public          []byte
	nonce           []byte
	request         []byte // the last SA_INIT
	theirNonce      []byte
	skD, skAI, skAR []byte
	skEI, skER      []byte
	skPI, skPR      []byte
	nextID          uint32 // of the next protected request
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

func newInitiator() *initiator {
	i := &initiator{spiI: binary.BigEndian.Uint64(random(8)) | 1, private: new(big.Int).SetBytes(random(32)), nonce: random(32), nextID: 1}
	i.public = new(big.Int).Exp(big.NewInt(2), i.private, modp1024).FillBytes(make([]byte, 128))
	return i
}

// message is one of this SA in the clear.
func (i *initiator) message(exchange byte, id uint32, payloads ...payload) ikeMessage {
	return ikeMessage{spiI: i.spiI, spiR: i.spiR, version: 0x20, exchange: exchange, flags: fromInitiator, id: id, payloads: payloads}
}

// init is a good SA_INIT; what is given comes first.
func (i *initiator) init(first ...payload) []byte {
	all := append(slices.Clone(first), proposal(protocolIKE, nil), keyExchange(i.public), payload{payloadNonce, i.nonce}, notify(notifyFragments),
		notify(notifyNATOurs, random(20)...), notify(notifyNATTheirs, random(20)...)) // neither is what it should be: NAT
	i.request = i.message(exchangeInit, 0, all...).bytes()
	return i.request
}

func prf(key []byte, data ...[]byte) []byte {
	h := hmac.New(sha1.New, key)
	for _, d := range data {
		h.Write(d)
	}
	return h.Sum(nil)
}

// agree takes the answer to SA_INIT and derives the keys (RFC 7296, 2.14).
func (i *initiator) agree(answer []byte) error {
	all := unchain(answer)
	theirs := find(all, payloadKE)
	if i.theirNonce = find(all, payloadNonce); len(theirs) != 4+128 || i.theirNonce == nil {
		return errors.New("no key exchange in the answer")
	}
	i.spiR = binary.BigEndian.Uint64(answer[8:])
	secret := new(big.Int).Exp(new(big.Int).SetBytes(theirs[4:]), i.private, modp1024).FillBytes(make([]byte, 128))
	nonces := slices.Concat(i.nonce, i.theirNonce)
	seed := prf(nonces, secret)
	spis := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, i.spiI), i.spiR)
	var stream, block []byte
	for n := byte(1); len(stream) < 5*20+2*16; n++ {
		block = prf(seed, block, nonces, spis, []byte{n})
		stream = append(stream, block...)
	}
	for _, part := range []struct {
		key  *[]byte
		size int
	}{{&i.skD, 20}, {&i.skAI, 20}, {&i.skAR, 20}, {&i.skEI, 16}, {&i.skER, 16}, {&i.skPI, 20}, {&i.skPR, 20}} {
		*part.key, stream = stream[:part.size], stream[part.size:]
	}
	return nil
}

// protect is a good request of this SA: encrypted and authenticated, whatever is in it.
func (i *initiator) protect(exchange byte, payloads ...payload) []byte {
	first := byte(0)
	if len(payloads) > 0 {
		first = payloads[0].kind
	}
	id := i.nextID
	i.nextID++
	return i.seal(i.message(exchange, id), payloadSK, first, nil, chain(payloads))
}

// fragment is one part of a request, by number and of how many.
func (i *initiator) fragment(exchange byte, id uint32, number, total uint16, first byte, part []byte) []byte {
	head := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, number), total)
	return i.seal(i.message(exchange, id), payloadPart, first, head, part)
}

func (i *initiator) seal(m ikeMessage, kind, first byte, head, clear []byte) []byte {
	pad := 15 - len(clear)%16
	clear = append(append(slices.Clone(clear), make([]byte, pad)...), byte(pad))
	iv := random(16)
	block, err := aes.NewCipher(i.skEI)
	if err != nil {
		panic(err) // the key's length is ours
	}
	blocks.NewCBCEncrypter(block, iv).CryptBlocks(clear, clear)
	body := slices.Concat(head, iv, clear)
	b := binary.BigEndian.AppendUint16([]byte{first, 0}, uint16(4+len(body)+12))
	sealed := m.around(kind, slices.Concat(b, body, make([]byte, 12)))
	copy(sealed[len(sealed)-12:], prf(i.skAI, sealed[:len(sealed)-12]))
	return sealed
}

// open decrypts an answer of this SA.
func (i *initiator) open(answer []byte) ([]payload, error) {
	if len(answer) < 28+4+16+16+12 || answer[16] != payloadSK {
		return nil, errors.New("nothing is encrypted")
	}
	end := len(answer) - 12
	if !hmac.Equal(prf(i.skAR, answer[:end])[:12], answer[end:]) {
		return nil, errors.New("not authentic")
	}
	body := bytes.Clone(answer[32:end])
	iv, text := body[:16], body[16:]
	block, err := aes.NewCipher(i.skER)
	if err != nil || len(text)%16 != 0 {
		return nil, errors.New("no whole blocks")
	}
	blocks.NewCBCDecrypter(block, iv).CryptBlocks(text, text)
	head := append(make([]byte, 16), answer[28], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	return unchain(append(head, text...)), nil
}

// authenticate is IKE_AUTH with a name and a pre-shared key, for a tunnel between ranges
// of 256 addresses. What is offered is an SA payload and what goes with it.
func (i *initiator) authenticate(name, key string, ours, theirs [3]byte, offered ...payload) []byte {
	identity := append([]byte{2, 0, 0, 0}, name...)
	proof := prf(prf([]byte(key), []byte("Key Pad for IKEv2")), i.request, i.theirNonce, prf(i.skPI, identity))
	selector := func(kind byte, r [3]byte) payload {
		return payload{kind, []byte{1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 255, 255, r[0], r[1], r[2], 0, r[0], r[1], r[2], 255}}
	}
	all := []payload{{payloadIDi, identity}, {payloadAuth, append([]byte{2, 0, 0, 0}, proof...)}}
	return i.protect(exchangeAuth, slices.Concat(all, offered, []payload{selector(payloadTSi, ours), selector(payloadTSr, theirs)})...)
}
