package vpc

import (
	"net/netip"
	"slices"
	"time"
)

// SSLClientID names an SSL client and is its certificate's common name: vpnc-xxxxxxxx.
type SSLClientID string

// SSLClient is one person's certificate for an SSL server. Written by control alone. Its
// states are those of SSLServer; what its certificate is good for is CertStatus.
type SSLClient struct {
	ID SSLClientID `json:"id"`
	Scope
	Name     string      `json:"name"`
	VPC      VPCID       `json:"vpc,omitempty"`
	Gateway  GatewayID   `json:"gateway"`
	Server   SSLServerID `json:"server"`
	Seat     uint32      `json:"seat"`   // its place in the server's client range, its own as long as it lives
	Serial   string      `json:"serial"` // of the certificate that counts, in hex
	Cert     string      `json:"cert"`   // PEM
	Key      Sealed      `json:"key"`
	Begin    Instant     `json:"begin"` // of the certificate's validity
	End      Instant     `json:"end"`
	Disabled bool        `json:"disabled,omitempty"`

	Created    Instant `json:"created"`
	Changed    Instant `json:"changed,omitempty"`
	Deleted    Instant `json:"deleted,omitempty"`
	Due        Instant `json:"due,omitempty"`
	Generation uint64  `json:"generation"`
}

// SSLRevocation is a certificate that no longer counts: its client has another one, or
// is gone. It is forgotten when the certificate would have expired.
type SSLRevocation struct {
	Server SSLServerID `json:"server"`
	Serial string      `json:"serial"`
	At     Instant     `json:"at"`
	Due    Instant     `json:"due"`
}

// CertStatus is the vendor's number for what a client's certificate is good for. Its 4,
// create failed, cannot be: a client and its certificate are made at once or not at all.
type CertStatus uint8

// The statuses of certificates.
const (
	CertCreating CertStatus = 0
	CertNormal   CertStatus = 1
	CertDisabled CertStatus = 2
	CertExpired  CertStatus = 3
)

// CertYears is how long a client's certificate is valid.
const CertYears = 3

// CertSlack is how much before its Begin a certificate counts already, for gateways and
// clients whose clocks run behind.
const CertSlack = time.Hour

// Validity is when the certificate counts: from the first instant to just before the
// second; a zero second is never.
func (c *SSLClient) Validity() (from, until Instant) { return c.Begin.Add(-CertSlack), c.End }

// CertStatus is what the certificate reads at now.
func (c *SSLClient) CertStatus(now Instant, settle time.Duration) CertStatus {
	switch {
	case now < c.Created.Add(settle):
		return CertCreating
	case c.End.Before(now):
		return CertExpired
	case c.Disabled:
		return CertDisabled
	}
	return CertNormal
}

// State is what the client reads at now.
func (c *SSLClient) State(now Instant, settle time.Duration) SSLState {
	return sslState(c.Created, c.Changed, c.Deleted, now, settle)
}

// Admitted reports whether the client may have a session while its certificate counts.
func (c *SSLClient) Admitted() bool { return c.Deleted == 0 && !c.Disabled }

// MaxSSLBatch is how many clients one call may make or change, so that all of them fit
// into one transaction.
const MaxSSLBatch = 50

// CheckClientNames refuses names that are empty, too long, too many, or that repeat one
// another or one that is taken.
func CheckClientNames(param string, names []string, taken func(string) bool, codes Listed) *Error {
	if len(names) == 0 {
		return Refuse(MissingParameter, param, "neither `SslVpnClientName` nor `SslVpnClientNames` is given", "`SslVpnClientName` 与 `SslVpnClientNames` 须指定其一")
	}
	if err := CheckSSLBatch(param, len(names), codes); err != nil {
		return err
	}
	for i, name := range names {
		if err := codes.Narrow(SSLClientName.Check(param, name, codes)); err != nil {
			return err
		}
		if taken(name) || slices.Contains(names[:i], name) {
			return Refuse(codes.Pick(UnsupportedOperationRecordExists, UnsupportedOperation), param,
				"the server has a client named `%s` already", "该服务端已有名为 `%s` 的客户端", Clip(name))
		}
	}
	return nil
}

// CheckSSLBatch refuses more ids or names than one call may have.
func CheckSSLBatch(param string, n int, codes Listed) *Error {
	if n <= MaxSSLBatch {
		return nil
	}
	return Refuse(codes.Pick(InvalidParameterValueLimitExceeded, InvalidParameterValue), param,
		"at most %d are allowed in a call", "每次最多允许 %d 个", MaxSSLBatch)
}

// FreeSeats picks the n lowest seats of a range that nobody has, and refuses when the
// range has fewer.
func FreeSeats(pool netip.Prefix, taken []uint32, n int, codes Listed) ([]uint32, *Error) {
	used := make(map[uint32]bool, len(taken))
	for _, seat := range taken {
		used[seat] = true
	}
	var free []uint32
	for seat := uint32(0); seat < Seats(pool) && len(free) < n; seat++ {
		if !used[seat] {
			free = append(free, seat)
		}
	}
	if len(free) < n {
		return nil, noSeats(pool, len(taken), n, codes)
	}
	return free, nil
}

func noSeats(pool netip.Prefix, have, more int, codes Listed) *Error {
	return Refuse(codes.Pick(LimitExceededSslVpnClientLimitExceeded, LimitExceeded), "",
		"the client range `%s` holds %d clients; there are %d, and %d more need a place", "客户端网段 `%s` 可容纳 %d 个客户端，已有 %d 个，另需 %d 个", pool, Seats(pool), have, more)
}

// Enable returns the row of a disabled client that may come in again with the same
// certificate.
func (c *SSLClient) Enable(status CertStatus, now Instant, codes Listed) (*SSLClient, *Error) {
	if status != CertDisabled || c.Deleted != 0 {
		return nil, Refuse(codes.Pick(UnsupportedOperationSSLClientCertAlreadyEnableOrCertAbnormal, UnsupportedOperation), "",
			"the certificate of `%s` has status %d; only one with 2 (disabled) can be enabled", "`%s` 的证书状态为 %d，仅状态 2（已停用）可启用", c.ID, status)
	}
	return c.switched(false, now), nil
}

// Disable returns the row of a client that may not come in until it is enabled again.
func (c *SSLClient) Disable(status CertStatus, now Instant, codes Listed) (*SSLClient, *Error) {
	if status != CertNormal || c.Deleted != 0 {
		return nil, Refuse(codes.Pick(UnsupportedOperationSSLClientCertAlreadyDisableOrCertAbnormal, UnsupportedOperation), "",
			"the certificate of `%s` has status %d; only one with 1 (normal) can be disabled", "`%s` 的证书状态为 %d，仅状态 1（正常）可停用", c.ID, status)
	}
	return c.switched(true, now), nil
}

func (c *SSLClient) switched(disabled bool, now Instant) *SSLClient {
	n := *c
	n.Disabled, n.Changed = disabled, now
	n.Generation++
	return &n
}

// CheckDownload refuses a client whose certificate is not normal.
func (c *SSLClient) CheckDownload(status CertStatus, codes Listed) *Error {
	if status == CertNormal && c.Deleted == 0 {
		return nil
	}
	return Refuse(codes.Pick(UnsupportedOperationSSLClientCertDisableUnsupportedDownloadSSLClientCert, UnsupportedOperation), "",
		"the certificate of `%s` has status %d; only one with 1 (normal) can be downloaded", "`%s` 的证书状态为 %d，仅状态 1（正常）可下载", c.ID, status)
}
