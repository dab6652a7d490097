package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// tlsConfig is what --tls-listen serves with: the operator's certificate, read again
// when its file changes, or one issued by our own authority, issued again in time.
func (c *Config) tlsConfig() (*tls.Config, error) {
	var source interface {
		certificate() (*tls.Certificate, error)
	}
	if c.TLSCert != "" {
		source = &filePair{cert: c.TLSCert, key: c.TLSKey}
	} else {
		ca, err := openAuthority(c.file(caFile), c.file(caKeyFile))
		if err != nil {
			return nil, err
		}
		source = &issued{ca: ca, names: c.serverNames()}
	}
	if _, err := source.certificate(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return source.certificate()
		},
	}, nil
}

// serverNames are the names and addresses that an issued certificate is good for.
func (c *Config) serverNames() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil && host != "" {
		names = append(names, host)
	}
	if host, _, err := net.SplitHostPort(c.TLSListen); err == nil {
		if ip, err := netip.ParseAddr(host); err != nil && host != "" || err == nil && !ip.IsUnspecified() {
			names = append(names, host)
		}
	}
	names = append(names, c.TLSNames...)
	slices.Sort(names)
	return slices.Compact(names)
}

// filePair serves a certificate from files. A new pair that does not load is not used:
// the old one goes on until it is mended.
type filePair struct {
	cert, key string

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	pair    *tls.Certificate
}

// pairInterval is how often the certificate's file is looked at.
const pairInterval = 10 * time.Second

func (p *filePair) certificate() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pair != nil && time.Since(p.looked) < pairInterval {
		return p.pair, nil
	}
	p.looked = time.Now()
	info, err := os.Stat(p.cert)
	if err == nil && p.pair != nil && info.ModTime().Equal(p.changed) {
		return p.pair, nil
	}
	pair, loadErr := tls.LoadX509KeyPair(p.cert, p.key)
	if loadErr != nil {
		if p.pair != nil {
			return p.pair, nil
		}
		return nil, fmt.Errorf("--tls-cert: %w", loadErr)
	}
	if err == nil {
		p.changed = info.ModTime()
	}
	p.pair = &pair
	return p.pair, nil
}

// issued serves a certificate of our own authority and replaces it before it ends.
type issued struct {
	ca    *authority
	names []string

	mu   sync.Mutex
	pair *tls.Certificate
}

func (i *issued) certificate() (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.pair != nil && time.Until(i.pair.Leaf.NotAfter) > renewBefore {
		return i.pair, nil
	}
	pair, err := i.ca.issue(i.names, time.Now())
	if err != nil {
		if i.pair != nil {
			return i.pair, nil
		}
		return nil, err
	}
	i.pair = pair
	return pair, nil
}
