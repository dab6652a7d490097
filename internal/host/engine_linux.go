package host

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// KernelESP is what the kernel can do to packets itself, under the names of the API.
type KernelESP struct {
	Ciphers []string
	Digests []string
	CBC     error // why a state of CBC and HMAC is refused; nil when it is taken
	GCM     error // the same for GCM, which kernels can lack alone
}

// Usable says whether the kernel can be the engine.
func (k KernelESP) Usable() bool { return k.CBC == nil && k.GCM == nil }

// transform is an algorithm of the API as the kernel knows it.
type transform struct {
	api  string
	name string
	key  int // bytes, with the salt of an AEAD
	icv  int // bits
}

var (
	kernelCiphers = []transform{
		{api: "NULL", name: "ecb(cipher_null)"},
		{api: "DES-CBC", name: "cbc(des)", key: 8},
		{api: "3DES-CBC", name: "cbc(des3_ede)", key: 24},
		{api: "AES-CBC-128", name: "cbc(aes)", key: 16},
		{api: "AES-CBC-192", name: "cbc(aes)", key: 24},
		{api: "AES-CBC-256", name: "cbc(aes)", key: 32},
	}
	kernelAEADs = []transform{
		{api: "AES128GCM128", name: "rfc4106(gcm(aes))", key: 20, icv: 128},
		{api: "AES192GCM128", name: "rfc4106(gcm(aes))", key: 28, icv: 128},
		{api: "AES256GCM128", name: "rfc4106(gcm(aes))", key: 36, icv: 128},
	}
	kernelDigests = []transform{
		{api: "MD5", name: "hmac(md5)", key: 16, icv: 96},
		{api: "SHA1", name: "hmac(sha1)", key: 20, icv: 96},
		{api: "SHA-256", name: "hmac(sha256)", key: 32, icv: 128},
		{api: "SHA-384", name: "hmac(sha384)", key: 48, icv: 192},
		{api: "SHA-512", name: "hmac(sha512)", key: 64, icv: 256},
	}
)

// ProbeKernelESP offers the kernel a state of every algorithm, in a namespace that ends
// with the probe. Nothing less will do: kernels without ESP take policies and hand out
// SPIs all the same.
func ProbeKernelESP() (KernelESP, error) {
	var k KernelESP
	err := away(func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() error {
		nl, err := netlink.NewHandle(unix.NETLINK_XFRM)
		if err != nil {
			return err
		}
		defer nl.Close()
		k = probeESP(nl)
		return nil
	})
	if err != nil {
		return KernelESP{}, &Error{Op: "probe", Object: "the kernel's ESP", Err: err, Hint: hint(err)}
	}
	return k, nil
}

func probeESP(nl *netlink.Handle) KernelESP {
	spi := 0x1000
	offer := func(s netlink.XfrmState) error {
		spi++
		s.Src, s.Dst = net.IPv4(192, 0, 2, 1), net.IPv4(192, 0, 2, 2)
		s.Proto, s.Mode, s.Spi, s.ReplayWindow = netlink.XFRM_PROTO_ESP, netlink.XFRM_MODE_TUNNEL, spi, 32
		return nl.XfrmStateAdd(&s)
	}
	var k KernelESP
	aes, sha256 := kernelCiphers[3].crypt(), kernelDigests[2].auth()
	k.CBC = offer(netlink.XfrmState{Crypt: aes, Auth: sha256})
	k.GCM = offer(netlink.XfrmState{Aead: kernelAEADs[0].aead()})
	for _, t := range kernelCiphers {
		if offer(netlink.XfrmState{Crypt: t.crypt(), Auth: sha256}) == nil {
			k.Ciphers = append(k.Ciphers, t.api)
		}
	}
	for _, t := range kernelAEADs {
		if offer(netlink.XfrmState{Aead: t.aead()}) == nil {
			k.Ciphers = append(k.Ciphers, t.api)
		}
	}
	for _, t := range kernelDigests {
		if offer(netlink.XfrmState{Crypt: aes, Auth: t.auth()}) == nil {
			k.Digests = append(k.Digests, t.api)
		}
	}
	return k
}

// pattern is a key that no weak key check refuses: no two blocks of it are the same.
func (t transform) pattern() []byte {
	key := make([]byte, t.key)
	for i := range key {
		key[i] = byte(i*29 + 7)
	}
	return key
}

func (t transform) crypt() *netlink.XfrmStateAlgo {
	return &netlink.XfrmStateAlgo{Name: t.name, Key: t.pattern()}
}

func (t transform) auth() *netlink.XfrmStateAlgo {
	return &netlink.XfrmStateAlgo{Name: t.name, Key: t.pattern(), TruncateLen: t.icv}
}

func (t transform) aead() *netlink.XfrmStateAlgo {
	return &netlink.XfrmStateAlgo{Name: t.name, Key: t.pattern(), ICVLen: t.icv}
}

// Why says in plain words why the kernel cannot be the engine.
func (k KernelESP) Why() string {
	switch {
	case errors.Is(k.CBC, unix.EPERM), errors.Is(k.GCM, unix.EPERM):
		return "may not ask the kernel for ESP states: needs root or CAP_NET_ADMIN"
	case k.CBC != nil && k.GCM != nil:
		return fmt.Sprintf("the kernel has no ESP (CBC with HMAC: %v; GCM: %v)", k.CBC, k.GCM)
	case k.CBC != nil:
		return fmt.Sprintf("the kernel's ESP lacks CBC with HMAC: %v", k.CBC)
	case k.GCM != nil:
		return fmt.Sprintf("the kernel's ESP lacks GCM: %v", k.GCM)
	}
	return ""
}

// FlushESP removes the states and policies of a namespace that a daemon which died has
// left there: its next run does not know them.
func FlushESP(namespace string) error {
	err := In(namespace, func() error {
		nl, err := netlink.NewHandle(unix.NETLINK_XFRM)
		if err != nil {
			return err
		}
		defer nl.Close()
		return errors.Join(nl.XfrmStateFlush(netlink.XFRM_PROTO_ESP), nl.XfrmPolicyFlush())
	})
	if err != nil {
		return &Error{Op: "flush ESP", Namespace: namespace, Err: err, Hint: hint(err)}
	}
	return nil
}
