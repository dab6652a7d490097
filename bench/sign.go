package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gatewright/gatewright/internal/wire"
)

// sign puts the headers of a TC3 call on a request, as the vendor's Go SDK does.
func sign(req *http.Request, cred wire.Credential, r request) {
	now := time.Now()
	h := req.Header
	h.Set("Content-Type", "application/json")
	h["X-TC-Action"] = []string{r.action}
	h["X-TC-Version"] = []string{r.version}
	h["X-TC-Timestamp"] = []string{strconv.FormatInt(now.Unix(), 10)}
	h["X-TC-Region"] = []string{"ap-guangzhou"}
	m := &wire.Message{Method: req.Method, Hosts: []string{req.URL.Host}, Header: h, Body: r.body}
	h["Authorization"] = []string{cred.SignTC3(m, r.service, now)}
}
