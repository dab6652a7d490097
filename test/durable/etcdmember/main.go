// Command etcdmember runs one member of an etcd cluster on loopback, for tests. It ends
// when its standard input does, so that it cannot outlive the test that started it.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	cfg := embed.NewConfig()
	flag.StringVar(&cfg.Name, "name", "", "the member's name")
	flag.StringVar(&cfg.Dir, "dir", "", "its data directory")
	flag.StringVar(&cfg.InitialCluster, "cluster", "", "all members: NAME=PEER_URL,...")
	flag.Int64Var(&cfg.QuotaBackendBytes, "quota", 0, "bytes that its database may have")
	client := flag.String("client", "", "URL for clients")
	peer := flag.String("peer", "", "URL for the other members")
	flag.Parse()
	if err := run(cfg, *client, *peer); err != nil {
		fmt.Fprintln(os.Stderr, "etcdmember:", err)
		os.Exit(1)
	}
}

func run(cfg *embed.Config, client, peer string) error {
	clientURL, err := url.Parse(client)
	if err != nil {
		return err
	}
	peerURL, err := url.Parse(peer)
	if err != nil {
		return err
	}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*clientURL}, []url.URL{*clientURL}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*peerURL}, []url.URL{*peerURL}
	cfg.LogLevel = "warn"
	member, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	defer member.Close()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test is gone
		os.Exit(0)
	}()
	return <-member.Err()
}
