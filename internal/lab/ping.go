//go:build linux

package lab

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// Ping sends count pings, 10 ms apart, and gives answers a second to come. More
// arguments are ping's own.
func (n *Namespace) Ping(to string, count int, more ...string) *Pings {
	n.lab.Helper()
	if count > 3 {
		p := n.pings(to, more)
		p.await(count, time.Duration(count)*10*time.Millisecond+1500*time.Millisecond)
		p.end(count)
		p.Sent = count // also those that could not be sent are lost
		return p
	}
	p := n.pings(to, append([]string{"-c", strconv.Itoa(count), "-W", "1"}, more...))
	_ = p.process.Wait(time.Duration(count)*time.Second + 5*time.Second) // 1 if any was lost
	p.process.Kill()
	p.count()
	return p
}

// await waits until a ping with that number or a later one was answered.
func (p *Pings) await(number int, within time.Duration) bool {
	return Poll(within, func() error {
		if answered := p.Answered(); len(answered) == 0 || answered[len(answered)-1] < number {
			return errUnanswered
		}
		return nil
	}) == nil
}

// end stops pinging and counts the first of the pings; what came later may be on its way.
func (p *Pings) end(first int) {
	_ = p.process.Stop(syscall.SIGINT)
	p.count()
	p.Sent = min(p.Sent, first)
	p.Received = 0
	for _, number := range p.Answered() {
		if number <= p.Sent {
			p.Received++
		}
	}
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

// Stop ends it and counts what was sent before, where anything is still answered.
func (p *Pings) Stop() *Pings {
	last := 0
	if answered := p.Answered(); len(answered) > 0 {
		last = answered[len(answered)-1]
	}
	if p.await(last+10, 2*time.Second) {
		p.end(last + 10)
		return p
	}
	_ = p.process.Stop(syscall.SIGINT)
	p.count()
	return p
}

var errUnanswered = errors.New("it was not answered")

var pingSequence = regexp.MustCompile(`icmp_seq=(\d+) ttl`)

// Answered are the numbers of the pings that were answered so far, once each.
func (p *Pings) Answered() []int {
	var out []int
	for _, seen := range pingSequence.FindAllStringSubmatch(p.process.Output(), -1) {
		number, _ := strconv.Atoi(seen[1]) // digits
		out = append(out, number)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var pingTime = regexp.MustCompile(`time=([0-9.]+) ms`)

// Times are the mean and the worst time that an answer took, of all that came.
func (p *Pings) Times() (mean, worst time.Duration) {
	all := pingTime.FindAllStringSubmatch(p.Text, -1)
	for _, m := range all {
		ms, _ := strconv.ParseFloat(m[1], 64) // digits
		took := time.Duration(ms * float64(time.Millisecond))
		mean, worst = mean+took, max(worst, took)
	}
	return mean / time.Duration(max(1, len(all))), worst
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
