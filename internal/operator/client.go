package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Client sends the operator's commands to the server of one data directory.
type Client struct {
	dataDir string
	http    *http.Client
}

// Dial makes a client. Nothing is sent before the first command.
func Dial(dataDir string) *Client {
	c := &Client{dataDir: dataDir}
	c.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, dataDir) },
	}}
	return c
}

// ask sends one command and decodes its answer.
func ask[Out any](ctx context.Context, c *Client, words string, in any) (Out, error) {
	var out Out
	resp, err := c.post(ctx, words, in)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("%s: the server's answer: %w", words, err)
	}
	return out, nil
}

// post sends a command's inputs as JSON.
func (c *Client) post(ctx context.Context, words string, in any) (*http.Response, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, words, bytes.NewReader(body))
}

// send posts a body and returns the answer; a failure is returned as an error.
func (c *Client) send(ctx context.Context, words string, body io.Reader) (*http.Response, error) {
	url := "http://operator/v1/" + strings.ReplaceAll(words, " ", "/")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unwrapURL(err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxInput))
	if err != nil {
		return nil, err
	}
	var f failure
	if json.Unmarshal(text, &f) != nil || f.Message == "" {
		return nil, fmt.Errorf("%s: the server answered %s; is it of another version?", words, resp.Status)
	}
	return nil, &f
}

// unwrapURL takes off the address of the request, which says nothing here.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
