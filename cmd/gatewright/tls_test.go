package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// serveTLS serves 204 with a config and returns the address.
func serveTLS(t *testing.T, conf *tls.Config) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })}
	go srv.Serve(tls.NewListener(ln, conf))
	t.Cleanup(func() { srv.Close() })
	return ln.Addr().String()
}

func get(t *testing.T, addr, name string, roots *x509.CertPool) error {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: name},
	}}
	resp, err := client.Get("https://" + addr + "/")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestOwnAuthority(t *testing.T) {
	dir := t.TempDir()
	c := &Config{DataDir: dir, TLSListen: "127.0.0.1:9443", TLSNames: []string{"vpn.example.test", "192.0.2.7", "*.vpn.test"}}
	conf, err := c.tlsConfig()
	if err != nil {
		t.Fatal(err)
	}
	addr := serveTLS(t, conf)
	caPEM, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(caPEM) || strings.Contains(string(caPEM), "PRIVATE") {
		t.Fatalf("%s is not just a certificate:\n%s", caFile, caPEM)
	}
	for _, name := range []string{"127.0.0.1", "::1", "localhost", "vpn.example.test", "192.0.2.7", "vpc.vpn.test"} {
		if err := get(t, addr, name, roots); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := get(t, addr, "other.example.test", roots); err == nil {
		t.Error("a name that nobody asked for is accepted")
	}
	if err := get(t, addr, "localhost", x509.NewCertPool()); err == nil {
		t.Error("the certificate is trusted without its authority")
	}
	info, err := os.Stat(filepath.Join(dir, caKeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the authority's key: %v %v, want mode 0600", info.Mode(), err)
	}
}

func TestAuthorityStays(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, caFile), filepath.Join(dir, caKeyFile)
	var wg sync.WaitGroup
	made := make([]*authority, 8)
	for i := range made {
		wg.Go(func() {
			a, err := openAuthority(cert, key)
			if err != nil {
				t.Error(err)
			}
			made[i] = a
		})
	}
	wg.Wait()
	for _, a := range made {
		if a == nil || !a.cert.Equal(made[0].cert) {
			t.Fatal("two processes at once made two authorities")
		}
	}
	if err := os.WriteFile(cert, []byte("spoilt"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openAuthority(cert, key); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil || string(block.Bytes) != string(made[0].cert.Raw) {
		t.Error("the copy to give away was not mended")
	}
	if err := os.WriteFile(key, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openAuthority(cert, key); err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("a spoilt key gives %v, want an error that names the file", err)
	}
}

func TestIssuedIsRenewed(t *testing.T) {
	dir := t.TempDir()
	ca, err := openAuthority(filepath.Join(dir, caFile), filepath.Join(dir, caKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	old, err := ca.issue([]string{"localhost"}, time.Now().Add(renewBefore-serverLife-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	source := &issued{ca: ca, names: []string{"localhost"}, pair: old}
	first, err := source.certificate()
	if err != nil {
		t.Fatal(err)
	}
	if first == old {
		t.Error("a certificate that soon ends was not replaced")
	}
	if second, err := source.certificate(); err != nil || second != first {
		t.Errorf("a fresh certificate was replaced: %v", err)
	}
}

func TestFilePairIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	ca, err := openAuthority(filepath.Join(dir, caFile), filepath.Join(dir, caKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	p := &filePair{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	if _, err := p.certificate(); err == nil {
		t.Error("a pair that is not there is served")
	}
	write := func(name string, at time.Time) {
		t.Helper()
		pair, err := ca.issue([]string{name}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		for path, block := range map[string]*pem.Block{p.cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, p.key: {Type: "PRIVATE KEY", Bytes: key}} {
			if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
		}
		p.looked = time.Time{}
	}
	served := func() string {
		t.Helper()
		pair, err := p.certificate()
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.DNSNames[0]
	}
	write("one.test", time.Now().Add(-time.Hour))
	if got := served(); got != "one.test" {
		t.Errorf("serves %s", got)
	}
	write("two.test", time.Now())
	if got := served(); got != "two.test" {
		t.Errorf("after the change it serves %s", got)
	}
	if err := os.WriteFile(p.cert, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.looked = time.Time{}
	if got := served(); got != "two.test" {
		t.Errorf("with a spoilt file it serves %s", got)
	}
}
