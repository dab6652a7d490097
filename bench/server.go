package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gatewright/gatewright/internal/wire"
)

// server is one running gatewright with a data directory of its own.
type server struct {
	binary, data string
	addr, url    string
	cmd          *exec.Cmd
	ready        time.Duration // from start to /readyz
	cred         wire.Credential
	seeded       seeded
	vpcs         []string // for create
}

// seeded is what `gatewright debug seed --json` prints.
type seeded struct {
	Account        uint64
	SecretID       string `json:"SecretId"`
	SecretKey      string
	BigVPC         string // a VPC with many gateways
	InBigVPC       int
	Name           string // a name that many gateways bear
	PerName        int
	TagKey         string // a tag that many VPCs bear
	TagValue       string
	TaggedVPCs     int
	SampleGateways []string // some ids, spread over all
}

func startServer(ctx context.Context, o options, name string) (*server, error) {
	s := &server{binary: o.binary, data: filepath.Join(o.dir, name)}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s.addr = "127.0.0.1:" + strconv.Itoa(port)
	s.url = "http://" + s.addr + "/"
	return s, s.start(ctx)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// readyWithin bounds how long a start may take before bench gives up.
const readyWithin = 10 * time.Minute

func (s *server) start(ctx context.Context) error {
	log, err := os.OpenFile(s.data+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(s.binary, "serve", "--data-dir", s.data, "--listen", s.addr, "--metrics-listen", "127.0.0.1:0", "--dataplane", "off")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for {
		resp, err := http.Get(s.url + "readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if ctx.Err() != nil || time.Since(began) > readyWithin {
			s.stop()
			return fmt.Errorf("the server was not ready after %v; its log is %s.log", time.Since(began).Round(time.Second), s.data)
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.ready = time.Since(began)
	return nil
}

func (s *server) stop() {
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	s.cmd = nil
}

func (s *server) restart(ctx context.Context) error {
	s.stop()
	return s.start(ctx)
}

// operator runs an operator command and decodes its JSON.
func (s *server) operator(into any, args ...string) error {
	cmd := exec.Command(s.binary, append(args, "--data-dir", s.data, "--json")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		said := strings.TrimSpace(stderr.String())
		return fmt.Errorf("gatewright %s: %w: %s", strings.Join(args, " "), err, said[strings.LastIndexByte(said, '\n')+1:])
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(out, into)
}

func (s *server) seed(n int) error {
	count := strconv.Itoa(n)
	if err := s.operator(&s.seeded, "debug", "seed", "--gateways", count, "--connections", count); err != nil {
		return err
	}
	s.cred = wire.Credential{SecretID: s.seeded.SecretID, SecretKey: s.seeded.SecretKey}
	return nil
}

// prepare lifts the limits and makes the VPCs that create fills.
func (s *server) prepare() error {
	for _, args := range [][]string{
		{"limit", "set", "--rate", "0"},
		{"quota", "set", "vpc-max-vpn-gateways", "100000000"},
		{"quota", "set", "appid-max-vpcs", "100000000"},
	} {
		if err := s.operator(nil, args...); err != nil {
			return err
		}
	}
	client := newClient(1)
	defer client.CloseIdleConnections()
	for i := range 16 {
		answer, err := ask(context.Background(), client, s.url, s.cred, request{
			action: "CreateVpc", version: "2017-03-12", service: "vpc",
			body: fmt.Appendf(nil, `{"VpcName":"bench-%d","CidrBlock":"10.0.0.0/16"}`, i),
		})
		if err != nil {
			return err
		}
		var reply struct {
			Response struct{ Vpc struct{ VpcId string } }
		}
		if err := json.Unmarshal(answer, &reply); err != nil {
			return err
		}
		s.vpcs = append(s.vpcs, reply.Response.Vpc.VpcId)
	}
	return nil
}

// anonymousMemory is the server's RssAnon in bytes.
func (s *server) anonymousMemory() (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if rest, ok := strings.CutPrefix(sc.Text(), "RssAnon:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no RssAnon in the status of process %d", s.cmd.Process.Pid)
}

// databaseSize is the size of the embedded member's database file.
func (s *server) databaseSize() (int64, error) {
	var size int64
	err := filepath.WalkDir(s.data, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Name() != "db" {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size = max(size, info.Size())
		}
		return err
	})
	return size, err
}
