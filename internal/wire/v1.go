package wire

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
	"time"
)

// HmacSHA256 is the SignatureMethod that selects SHA-256; any other, or none, is SHA-1.
const HmacSHA256 = "HmacSHA256"

func v1Hash(params Params) func() hash.Hash {
	if method, _ := params.Get("SignatureMethod"); method == HmacSHA256 {
		return sha256.New
	}
	return sha1.New
}

// appendV1 appends the text that a v1 signature covers. sorted is in byte order of the
// names. Python writes _ in a name as a dot here, after sorting.
func appendV1(b []byte, method, host string, sorted Params, dots bool) []byte {
	b = append(b, method...)
	b = append(b, host...)
	sep := "/?"
	for _, p := range sorted {
		if p.Name == "Signature" {
			continue
		}
		b = append(b, sep...)
		name := len(b)
		b = append(b, p.Name...)
		if dots {
			underscoresToDots(b[name:])
		}
		b = append(b, '=')
		b = append(b, p.Value...)
		sep = "&"
	}
	return b
}

func underscoresToDots(name []byte) {
	for i := range name {
		if name[i] == '_' {
			name[i] = '.'
		}
	}
}

func v1Sum(secret string, hash func() hash.Hash, text []byte) []byte {
	mac := hmac.New(hash, []byte(secret))
	mac.Write(text)
	return mac.Sum(nil)
}

// VerifyV1 reports with nil that params carry the v1 signature of a request to m, made
// with the SecretKey secret. The caller has checked the clock. Otherwise the error is
// ErrSignature.
func VerifyV1(m *Message, params Params, secret string) *Error {
	signature, _ := params.Get("Signature")
	want, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return ErrSignature
	}
	sorted, hash := params.sorted(), v1Hash(params)
	var text []byte
	for _, host := range m.Hosts {
		for _, dots := range spellings(sorted) {
			text = appendV1(text[:0], m.Method, host, sorted, dots)
			if hmac.Equal(v1Sum(secret, hash, text), want) {
				return nil
			}
		}
	}
	return ErrSignature
}

// spellings says whether names are to be tried as they are only, or with dots as well.
func spellings(params Params) []bool {
	for i := range params {
		if strings.Contains(params[i].Name, "_") {
			return []bool{false, true}
		}
	}
	return []bool{false}
}

// SignV1 returns params completed with SecretId, Timestamp, Nonce and Signature for a
// request to m.Hosts[0]. SignatureMethod is taken from params.
func (c Credential) SignV1(m *Message, params Params, at time.Time, nonce uint64) Params {
	params = append(params[:len(params):len(params)],
		Param{"SecretId", c.SecretID},
		Param{"Timestamp", formatUnix(at)},
		Param{"Nonce", strconv.FormatUint(nonce, 10)})
	sum := v1Sum(c.SecretKey, v1Hash(params), appendV1(nil, m.Method, m.Hosts[0], params.sorted(), false))
	return append(params, Param{"Signature", base64.StdEncoding.EncodeToString(sum)})
}

func formatUnix(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
