package wire

import (
	"net/http"
	"strconv"
	"time"
)

// A Message is the part of a request that signatures cover.
type Message struct {
	Method string      // GET or POST, upper case
	Hosts  []string    // every text that the caller may have signed as its host, likeliest first
	Query  string      // the raw text after the question mark
	Header http.Header // as received
	Body   []byte      // as received
}

// A Credential is the key pair that signs. It prints as its SecretId alone.
type Credential struct {
	SecretID  string
	SecretKey string
}

func (c Credential) String() string   { return c.SecretID }
func (c Credential) GoString() string { return c.SecretID }

// The codes of authentication.
const (
	codeInvalidAuthorization = "AuthFailure.InvalidAuthorization"
	codeSignatureExpire      = "AuthFailure.SignatureExpire"
	codeSignatureFailure     = "AuthFailure.SignatureFailure"
)

// ErrSignature is the answer to a signature that does not match.
var ErrSignature = &Error{Code: codeSignatureFailure,
	EN: "the signature does not match what this server computes; check the SecretKey, the signed host and that the body is sent as it was signed",
	ZH: "签名与服务端计算结果不一致，请检查 SecretKey、参与签名的 Host 以及发送的请求体"}

// ErrExpired is the answer to a timestamp outside of ClockWindow.
var ErrExpired = &Error{Code: codeSignatureExpire,
	EN: "the timestamp differs from the server's clock by more than 5 minutes",
	ZH: "时间戳与服务器时间相差超过 5 分钟"}

// ClockWindow is how far a request's timestamp may lie from the server's clock.
const ClockWindow = 5 * time.Minute

// ParseTimestamp reads the Unix seconds of a request. The text is also what TC3 signs.
func ParseTimestamp(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}

// CheckClock gives ErrExpired for a timestamp, in Unix seconds, that is more than
// ClockWindow away from now.
func CheckClock(timestamp int64, now time.Time) *Error {
	const window = int64(ClockWindow / time.Second)
	if at := now.Unix(); timestamp < at-window || timestamp > at+window {
		return ErrExpired
	}
	return nil
}
