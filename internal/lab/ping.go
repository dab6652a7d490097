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

// underWay is how many pings may be on their way when ping is ended: a tenth of a second.
const underWay = 10

// Stop ends it and counts. Those that were under way may be unanswered: they are not sent
// again, so they are not counted as lost.
func (p *Pings) Stop() *Pings {
	_ = p.process.Stop(syscall.SIGINT)
	p.count()
	if last := p.lastAnswered(); last > 0 && p.Sent-last <= underWay {
		p.Sent = last
	}
	return p
}

var pingSequence = regexp.MustCompile(`icmp_seq=(\d+) ttl`)

func (p *Pings) lastAnswered() (last int) {
	for _, m := range pingSequence.FindAllStringSubmatch(p.Text, -1) {
		n, _ := strconv.Atoi(m[1])
		last = max(last, n)
	}
	return last
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
