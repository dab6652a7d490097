// Package api is the HTTP front: it reads a bounded request, authenticates it, limits
// its rate, finds its action, decodes its inputs, calls control and answers in the
// vendor's shape.
//
// The front is in server.go and the files it names; each noun's file registers its
// actions and is the only place that knows both the wire's words and the domain's. All
// API answers go out with HTTP 200 and exactly Content-Type: application/json, refusals
// too, since the clients lose a refusal of any other status.
//
// A Server is safe for any number of goroutines. A handler that panics answers
// InternalError and harms no other call.
package api
