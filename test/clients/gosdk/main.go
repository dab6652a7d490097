// Command gosdk calls a server through the vendor's typed Go SDKs for the tests of
// test/clients. It is a module of its own, because it is built against more than one
// version of them: go.mod holds the newest, oldest.mod (with the build tag oldest) the
// oldest that clients are known to use.
//
// It reads orders as JSON from stdin, carries them out side by side, and writes an
// outcome for each to stdout.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
)

// order is one call that is to be made, and through which client.
type order struct {
	ID        int
	SDK       string // cn or intl
	Endpoint  string // HOST:PORT; empty leaves it to the SDK and its root domain
	Scheme    string // HTTP or HTTPS
	Method    string // GET or POST
	Sign      string // TC3-HMAC-SHA256, HmacSHA256 or HmacSHA1
	SecretID  string
	SecretKey string
	Region    string
	Service   string
	Action    string
	Params    json.RawMessage
}

// outcome is the reply, or what went wrong; Code is empty unless the SDK made it an
// error of its own type.
type outcome struct {
	ID       int
	Response json.RawMessage `json:",omitempty"`
	Error    *failure        `json:",omitempty"`
}

type failure struct {
	Code, Message, RequestID string
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func serve(in io.Reader, out io.Writer) error {
	orders := json.NewDecoder(in)
	outcomes := json.NewEncoder(out)
	var writing sync.Mutex
	var running sync.WaitGroup
	defer running.Wait()
	for {
		var o order
		if err := orders.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		running.Go(func() {
			result := o.run()
			writing.Lock()
			defer writing.Unlock()
			_ = outcomes.Encode(result) // a reader that is gone wants no more
		})
	}
}

func (o *order) run() outcome {
	reply, err := o.call()
	if err != nil {
		return outcome{ID: o.ID, Error: failureOf(err)}
	}
	var envelope struct{ Response json.RawMessage }
	if err := json.Unmarshal([]byte(reply.ToJsonString()), &envelope); err != nil {
		return outcome{ID: o.ID, Error: failureOf(err)}
	}
	return outcome{ID: o.ID, Response: envelope.Response}
}

func (o *order) call() (reply, error) {
	switch o.SDK + " " + o.Service {
	case "cn vpc":
		return callVPC(o)
	case "cn tag":
		return callTag(o)
	case "intl vpc":
		return callIntlVPC(o)
	case "intl tag":
		return callIntlTag(o)
	}
	return nil, fmt.Errorf("no client for %s %s", o.SDK, o.Service)
}

func failureOf(err error) *failure {
	var api interface {
		GetCode() string
		GetMessage() string
		GetRequestId() string
	}
	if errors.As(err, &api) {
		return &failure{api.GetCode(), api.GetMessage(), api.GetRequestId()}
	}
	return &failure{Message: err.Error()}
}

// reply is what the SDK's response types have in common.
type reply interface{ ToJsonString() string }

// call makes one typed call with a client C.
type call[C any] func(client C, params string) (reply, error)

// typed is the call of one action: its request's constructor and the client's method.
func typed[C any, Q interface{ FromJsonString(string) error }, R reply](request func() Q, do func(C, Q) (R, error)) call[C] {
	return func(client C, params string) (reply, error) {
		q := request()
		if err := q.FromJsonString(params); err != nil {
			return nil, err
		}
		return do(client, q)
	}
}

// clients are those made so far, by the orders that they can carry out: a program keeps
// its client, and with it the connections.
var clients sync.Map

// pick finds the client and the call of an order and makes it.
func pick[C any](o *order, connect func() (C, error), calls map[string]call[C]) (reply, error) {
	do, ok := calls[o.Action]
	if !ok {
		return nil, fmt.Errorf("no typed call for %s", o.Action)
	}
	of := [...]string{o.SDK, o.Service, o.Endpoint, o.Scheme, o.Method, o.Sign, o.SecretID, o.SecretKey, o.Region}
	client, ok := clients.Load(of)
	if !ok {
		made, err := connect()
		if err != nil {
			return nil, err
		}
		client, _ = clients.LoadOrStore(of, made)
	}
	return do(client.(C), string(o.Params))
}
