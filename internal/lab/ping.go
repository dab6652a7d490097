//go:build linux

package lab

import (
	"fmt"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// Pings is a ping that runs, or what it counted.
type Pings struct {
	process  *Process
	Sent     int
	Received int
	Text     string
}

// Lost is how many were not answered.
func (p *Pings) Lost() int { return p.Sent - p.Received }

func (p *Pings) String() string { return fmt.Sprintf("%d of %d lost", p.Lost(), p.Sent) }

var pingSummary = regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)

func (p *Pings) count() {
	p.Text = p.process.Output()
	if m := pingSummary.FindStringSubmatch(p.Text); m != nil {
		p.Sent, _ = strconv.Atoi(m[1])
		p.Received, _ = strconv.Atoi(m[2])
	}
}

// Ping sends count pings, 10 ms apart, and waits a second for the last answer. More
// arguments are ping's own.
func (n *Namespace) Ping(to string, count int, more ...string) *Pings {
	n.lab.Helper()
	p := n.pings(to, append([]string{"-c", strconv.Itoa(count), "-W", "1"}, more...))
	_ = p.process.Wait(time.Duration(count)*time.Second + 5*time.Second) // 1 if any was lost
	p.process.Kill()
	p.count()
	return p
}

// PingStart pings every 10 ms until Stop.
func (n *Namespace) PingStart(to string, more ...string) *Pings {
	n.lab.Helper()
	return n.pings(to, more)
}

func (n *Namespace) pings(to string, more []string) *Pings {
	n.lab.Helper()
	args := append([]string{"ping", "-n", "-i", "0.01"}, more...)
	return &Pings{process: n.Start(append(args, to)...)}
}

// Stop ends it and counts. The one that is under way may be unanswered: it is not sent
// again, so it is not counted as lost.
func (p *Pings) Stop() *Pings {
	_ = p.process.Stop(syscall.SIGINT)
	p.count()
	if p.Lost() == 1 && p.lastMissing() {
		p.Sent--
	}
	return p
}

var pingSequence = regexp.MustCompile(`icmp_seq=(\d+) ttl`)

func (p *Pings) lastMissing() bool {
	all := pingSequence.FindAllStringSubmatch(p.Text, -1)
	return len(all) > 0 && all[len(all)-1][1] == strconv.Itoa(p.Sent-1)
}

// Reaches waits until a ping comes through.
func (n *Namespace) Reaches(to string, within time.Duration, more ...string) {
	n.lab.Helper()
	n.lab.Eventually(within, n.Name+" reaches "+to, func() error {
		if p := n.Ping(to, 1, append([]string{"-W", "0.2"}, more...)...); p.Received == 0 {
			return fmt.Errorf("no answer: %s", p.Text)
		}
		return nil
	})
}
