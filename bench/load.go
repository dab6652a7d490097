package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/wire"
)

// request is one call: its action and its JSON body.
type request struct {
	action, version, service string
	body                     []byte
}

// result is what a load saw. Every answer was checked not to be an error.
type result struct {
	rate     float64 // answers a second
	p50, p99 time.Duration
	calls    int
}

// load calls from conns connections for a while, each connection one call at a time,
// every call signed anew.
func load(ctx context.Context, conns int, d time.Duration, url string, cred wire.Credential, next func(worker, i int) request) (result, error) {
	client := newClient(conns)
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	took := make([][]time.Duration, conns)
	errs := make([]error, conns)
	var wg sync.WaitGroup
	began := time.Now()
	deadline := began.Add(d)
	for w := range conns {
		wg.Go(func() {
			for i := 0; time.Now().Before(deadline) && ctx.Err() == nil; i++ {
				start := time.Now()
				if err := call(ctx, client, url, cred, next(w, i)); err != nil {
					errs[w] = err
					cancel()
					return
				}
				took[w] = append(took[w], time.Since(start))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(began)
	for _, err := range errs {
		if err != nil && ctx.Err() != nil {
			return result{}, err
		}
	}
	all := slices.Concat(took...)
	if len(all) == 0 {
		return result{}, fmt.Errorf("no call was answered within %v", d)
	}
	slices.Sort(all)
	return result{
		rate: float64(len(all)) / elapsed.Seconds(), calls: len(all),
		p50: all[len(all)/2], p99: all[len(all)*99/100],
	}, nil
}

func newClient(conns int) *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns, DisableCompression: true,
	}}
}

var errorMark = []byte(`"Error":{"Code":`)

// call sends one signed request, reads the whole answer and refuses an API error.
func call(ctx context.Context, client *http.Client, url string, cred wire.Credential, r request) error {
	_, err := ask(ctx, client, url, cred, r)
	return err
}

func ask(ctx context.Context, client *http.Client, url string, cred wire.Credential, r request) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	sign(req, cred, r)
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK || bytes.Contains(answer, errorMark) {
		return nil, fmt.Errorf("%s: HTTP %d: %.300s", r.action, resp.StatusCode, answer)
	}
	return answer, nil
}
