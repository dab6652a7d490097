package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"time"
)

const (
	tc3Scheme     = "TC3-HMAC-SHA256"
	tc3Terminator = "tc3_request"

	// maxScope bounds the SecretId and the service of a credential, in bytes.
	maxScope = 256
	// maxSignedHeaders bounds the SignedHeaders text, in bytes.
	maxSignedHeaders = 1024

	headerContentSHA256 = "X-Tc-Content-Sha256"
	unsignedPayload     = "UNSIGNED-PAYLOAD"
)

// TC3 is a parsed Authorization header of the scheme TC3-HMAC-SHA256.
type TC3 struct {
	SecretID      string
	Date          string // YYYY-MM-DD, the UTC day of the timestamp
	Service       string // what the client takes for the product's name: vpc, or 127 from Node
	SignedHeaders string // as received
	Signature     [sha256.Size]byte
}

func invalidAuthorization(en, zh string) *Error {
	return &Error{Code: codeInvalidAuthorization, EN: en, ZH: zh}
}

// ParseTC3 reads an Authorization header.
func ParseTC3(header string) (TC3, *Error) {
	var a TC3
	if header == "SKIP" {
		return a, invalidAuthorization("requests without a signature are not accepted", "不接受未签名的请求")
	}
	rest, ok := strings.CutPrefix(header, tc3Scheme+" ")
	if !ok {
		return a, invalidAuthorization("the Authorization header does not begin with "+tc3Scheme, "Authorization 请求头未以 "+tc3Scheme+" 开头")
	}
	var credential, signature string
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		name, value, _ := strings.Cut(strings.Trim(part, " "), "=")
		if !a.field(name, value, &credential, &signature) {
			return a, invalidAuthorization("the Authorization header needs Credential, SignedHeaders and Signature, each once", "Authorization 请求头须含 Credential、SignedHeaders 与 Signature 各一项")
		}
	}
	if err := a.setCredential(credential); err != nil {
		return a, err
	}
	if err := a.checkSignedHeaders(); err != nil {
		return a, err
	}
	if len(signature) != hex.EncodedLen(len(a.Signature)) {
		return a, invalidAuthorization("the Signature is not 64 hexadecimal digits", "Signature 须为 64 位十六进制数")
	}
	if _, err := hex.Decode(a.Signature[:], []byte(signature)); err != nil {
		return a, invalidAuthorization("the Signature is not 64 hexadecimal digits", "Signature 须为 64 位十六进制数")
	}
	return a, nil
}

// field stores one name=value of the header, and refuses an unknown or second one.
func (a *TC3) field(name, value string, credential, signature *string) bool {
	var to *string
	switch name {
	case "Credential":
		to = credential
	case "SignedHeaders":
		to = &a.SignedHeaders
	case "Signature":
		to = signature
	default:
		return false
	}
	if *to != "" || value == "" {
		return false
	}
	*to = value
	return true
}

// setCredential splits from the right, since a service may look like localhost:8080.
func (a *TC3) setCredential(text string) *Error {
	bad := func() *Error {
		return invalidAuthorization("the Credential is not of the form SecretId/YYYY-MM-DD/service/"+tc3Terminator, "Credential 须形如 SecretId/YYYY-MM-DD/service/"+tc3Terminator)
	}
	rest, ok := strings.CutSuffix(text, "/"+tc3Terminator)
	if !ok {
		return bad()
	}
	if rest, a.Service, ok = cutLast(rest); !ok {
		return bad()
	}
	if a.SecretID, a.Date, ok = cutLast(rest); !ok {
		return bad()
	}
	if !isDate(a.Date) || a.SecretID == "" || len(a.SecretID) > maxScope || a.Service == "" || len(a.Service) > maxScope {
		return bad()
	}
	return nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// isDate reports whether s is written as YYYY-MM-DD; whether that day exists shows when
// it is compared with the timestamp's.
func isDate(s string) bool {
	if len(s) != len(time.DateOnly) {
		return false
	}
	for i := range len(s) {
		if dash := i == 4 || i == 7; dash != (s[i] == '-') || !dash && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

func (a *TC3) checkSignedHeaders() *Error {
	contentType, host := false, false
	for name := range strings.SplitSeq(a.SignedHeaders, ";") {
		contentType = contentType || strings.EqualFold(name, "content-type")
		host = host || strings.EqualFold(name, "host")
	}
	if !contentType || !host || len(a.SignedHeaders) > maxSignedHeaders {
		return invalidAuthorization("SignedHeaders has to name content-type and host", "SignedHeaders 须包含 content-type 与 host")
	}
	return nil
}

// tc3Case is how a caller may have written header values before signing them. The SDKs
// sign them as sent, the vendor's samples lower the action, its text lowers all.
type tc3Case uint8

const (
	asSent tc3Case = iota
	lowerTC
	lowerAll
	tc3Cases
)

// appendCanonical appends the canonical request.
func (a *TC3) appendCanonical(b []byte, m *Message, host string, letters tc3Case, payload *[2 * sha256.Size]byte) []byte {
	b = append(b, m.Method...)
	b = append(b, "\n/\n"...)
	if m.Method != "POST" {
		b = append(b, m.Query...)
	}
	b = append(b, '\n')
	for name := range strings.SplitSeq(a.SignedHeaders, ";") {
		value := host
		if !strings.EqualFold(name, "host") {
			value = strings.TrimSpace(m.Header.Get(name))
		}
		b = append(b, name...)
		b = append(b, ':')
		if letters == lowerAll || letters == lowerTC && strings.HasPrefix(name, "x-tc-") {
			value = strings.ToLower(value)
		}
		b = append(b, value...)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, a.SignedHeaders...)
	b = append(b, '\n')
	return append(b, payload[:]...)
}

// payloadHash is the last line of the canonical request.
func payloadHash(m *Message) (line [2 * sha256.Size]byte) {
	var sum [sha256.Size]byte
	switch {
	case m.Header.Get(headerContentSHA256) == unsignedPayload:
		sum = sha256.Sum256([]byte(unsignedPayload))
	case m.Method == "POST":
		sum = sha256.Sum256(m.Body)
	default:
		sum = sha256.Sum256(nil)
	}
	hex.Encode(line[:], sum[:])
	return line
}

// sign computes the signature over one canonical request; scratch is overwritten.
func (a *TC3) sign(key *[sha256.Size]byte, timestamp string, canonical, scratch []byte) ([sha256.Size]byte, []byte) {
	sum := sha256.Sum256(canonical)
	b := append(scratch[:0], tc3Scheme+"\n"...)
	b = append(b, timestamp...)
	b = append(b, '\n')
	b = append(b, a.Date...)
	b = append(b, '/')
	b = append(b, a.Service...)
	b = append(b, "/"+tc3Terminator+"\n"...)
	b = hex.AppendEncode(b, sum[:])
	return hmacSHA256(key[:], b), b
}

func hmacSHA256(key, text []byte) (out [sha256.Size]byte) {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	mac.Sum(out[:0])
	return out
}

// tc3Key derives the key that signs on one day for one service.
func tc3Key(secret, date, service string) [sha256.Size]byte {
	key := hmacSHA256([]byte("TC3"+secret), []byte(date))
	key = hmacSHA256(key[:], []byte(service))
	return hmacSHA256(key[:], []byte(tc3Terminator))
}

// matches tries every host and every spelling that the caller may have signed.
func (a *TC3) matches(m *Message, timestamp string, key *[sha256.Size]byte) bool {
	payload := payloadHash(m)
	bufs := canonicalBuffers.Get().(*[3][]byte)
	defer canonicalBuffers.Put(bufs)
	for _, host := range m.Hosts {
		bufs[1] = bufs[1][:0]
		for letters := asSent; letters < tc3Cases; letters++ {
			bufs[0] = a.appendCanonical(bufs[0][:0], m, host, letters, &payload)
			if bytes.Equal(bufs[0], bufs[1]) {
				continue // there was no capital to lower
			}
			var got [sha256.Size]byte
			got, bufs[2] = a.sign(key, timestamp, bufs[0], bufs[2])
			if hmac.Equal(got[:], a.Signature[:]) {
				return true
			}
			bufs[0], bufs[1] = bufs[1], bufs[0]
		}
	}
	return false
}

// canonicalBuffers holds the canonical request, the one tried before, and the string to sign.
var canonicalBuffers = sync.Pool{New: func() any {
	return &[3][]byte{make([]byte, 0, 1024), make([]byte, 0, 1024), make([]byte, 0, 256)}
}}

// onDay reports whether the credential's date is the UTC day of the timestamp.
func (a *TC3) onDay(timestamp string) bool {
	seconds, ok := ParseTimestamp(timestamp)
	if !ok {
		return false
	}
	var day [16]byte
	return string(time.Unix(seconds, 0).UTC().AppendFormat(day[:0], time.DateOnly)) == a.Date
}

// SignTC3 returns the Authorization header for m at a time, with m.Hosts[0] as the host.
// Signed are content-type, host and the named others.
func (c Credential) SignTC3(m *Message, service string, at time.Time, others ...string) string {
	a := TC3{SecretID: c.SecretID, Service: service, Date: at.UTC().Format(time.DateOnly)}
	a.SignedHeaders = strings.Join(append([]string{"content-type", "host"}, others...), ";")
	payload := payloadHash(m)
	canonical := a.appendCanonical(nil, m, m.Hosts[0], asSent, &payload)
	key := tc3Key(c.SecretKey, a.Date, service)
	a.Signature, _ = a.sign(&key, formatUnix(at), canonical, nil)
	return tc3Scheme + " Credential=" + a.SecretID + "/" + a.Date + "/" + service + "/" + tc3Terminator +
		", SignedHeaders=" + a.SignedHeaders + ", Signature=" + hex.EncodeToString(a.Signature[:])
}
