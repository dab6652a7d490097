package durable

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// member is one etcd process that can be killed and started again on the same data.
type member struct {
	name, dir, log string
	client, peer   string // URLs
	*process
}

// cluster is etcd members and what a server needs to use them.
type cluster struct {
	t         *testing.T
	members   []*member
	masterKey string // file, the same for all servers
	args      []string
}

// newCluster starts members and waits until they have a leader. A quota of 0 is etcd's
// default.
func newCluster(t *testing.T, size int, quota int64) *cluster {
	t.Helper()
	dir := t.TempDir()
	c := &cluster{t: t, masterKey: filepath.Join(dir, "master.key")}
	key := make([]byte, 32)
	rand.Read(key)
	if err := os.WriteFile(c.masterKey, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var peers []string
	for i := range size {
		m := &member{name: fmt.Sprintf("m%d", i), client: "http://" + freeAddr(t), peer: "http://" + freeAddr(t)}
		m.dir, m.log = filepath.Join(dir, m.name), filepath.Join(dir, m.name+".log")
		c.members = append(c.members, m)
		peers = append(peers, m.name+"="+m.peer)
		showLogs(t, m.log)
	}
	c.args = []string{"-cluster", strings.Join(peers, ","), "-quota", strconv.FormatInt(quota, 10)}
	for _, m := range c.members {
		c.start(m)
	}
	await(t, "the cluster to have a leader", startTime, func() bool { return c.leader() != nil })
	return c
}

func (c *cluster) start(m *member) {
	c.t.Helper()
	args := append([]string{"-name", m.name, "-dir", m.dir, "-client", m.client, "-peer", m.peer}, c.args...)
	m.process = launch(c.t, m.log, binary(c.t, etcdMember), args...)
}

func (c *cluster) endpoints() []string {
	var urls []string
	for _, m := range c.members {
		urls = append(urls, m.client)
	}
	return urls
}

// newServer makes a server that keeps its rows in the cluster. It is not started.
func (c *cluster) newServer(args ...string) *server {
	c.t.Helper()
	return newServer(c.t, append([]string{
		"--etcd-endpoints", strings.Join(c.endpoints(), ","), "--master-key-file", c.masterKey,
	}, args...)...)
}

// leader asks every member and returns the one that leads, nil if none says so.
func (c *cluster) leader() *member {
	for _, m := range c.members {
		if !m.running() {
			continue
		}
		st, err := m.status(c.t.Context())
		if err == nil && st.Header.MemberId == st.Leader {
			return m
		}
	}
	return nil
}

func (m *member) status(ctx context.Context) (*clientv3.StatusResponse, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{m.client}, Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return client.Status(ctx, m.client)
}
