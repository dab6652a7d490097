package ipsec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// charon is Debian's daemon without a pid file of its own, of which many can run.
const charon = "/usr/sbin/charon-systemd"

const (
	startTime = 15 * time.Second
	deaf      = 3         // times that a process may not answer before it is killed
	logLimit  = 512 << 10 // bytes of a daemon's log file; there is one old one beside it
	// linesBetween bounds what a log grows between two looks at its size.
	linesBetween = 256
	socketMax    = 107
)

// reach makes sure of a process in the right place and of a session with it.
func (d *daemon) reach(ctx context.Context) error {
	if d.session != nil && d.process != nil && d.process.Inside(d.want.Namespace) && d.record.Engine == d.want.Engine {
		return nil
	}
	if err := d.find(ctx); err != nil {
		return err
	}
	if d.process == nil {
		if err := d.start(); err != nil {
			d.failures++
			return err
		}
	}
	if d.session != nil {
		return nil
	}
	err := d.connect(ctx)
	if err == nil {
		err = d.adopt()
	}
	if err != nil {
		d.failures++
		d.disconnect()
		if d.failures%deaf == 0 && d.process.Alive() {
			_ = d.process.Signal(syscall.SIGKILL)
		}
		return err
	}
	d.failures, d.silent = 0, false
	return nil
}

// find adopts a process that runs as it should, and ends one that does not.
func (d *daemon) find(ctx context.Context) (err error) {
	if d.process == nil {
		if d.process, err = d.host.Find(childName(d.name)); err != nil || d.process == nil {
			return err
		}
		d.record, err = readRecord(d.path(endRecord))
		if err != nil || d.record.PID != d.process.PID {
			d.record.Stamps = nil // whatever it holds, we do not know it
		}
	}
	fits := d.process.Inside(d.want.Namespace) && d.record.Engine == d.want.Engine
	if d.process.Alive() && fits {
		return nil
	}
	err = d.process.Stop(ctx, stopGrace)
	if err == nil {
		d.forget()
	}
	return err
}

// start starts a process with an empty memory.
func (d *daemon) start() error {
	w := d.want
	if w.Engine != plan.EngineKernel && w.Engine != plan.EngineLibipsec {
		return errors.New("this host has no engine that can encrypt; run `gatewright doctor`")
	}
	if len(d.path(endSocket)) > socketMax {
		return fmt.Errorf("the runtime directory's path is too long for a socket: %s", d.path(endSocket))
	}
	if err := writeFile(d.path(endConf), []byte(settings(*w, d.path(endSocket), d.path(endLog)))); err != nil {
		return err
	}
	if err := os.Remove(d.path(endSocket)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if w.Engine == plan.EngineKernel {
		if err := host.FlushESP(w.Namespace); err != nil {
			return err
		}
	}
	p, err := d.host.Start(host.Command{Name: childName(d.name), Namespace: w.Namespace, Path: charon,
		Env: []string{"STRONGSWAN_CONF=" + d.path(endConf)}})
	if err != nil {
		return err
	}
	d.process = p
	d.record = record{Machine: d.machine, Namespace: w.Namespace, Engine: w.Engine, PID: p.PID, Stamps: map[vpc.ConnectionID]stamp{}}
	return d.record.write(d.path(endRecord))
}

// connect waits until the process answers.
func (d *daemon) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for wait := 2 * time.Millisecond; ; wait = min(wait*2, 50*time.Millisecond) {
		s, err := d.dial.open(ctx, d.path(endSocket))
		if err == nil {
			d.session = s
			return nil
		}
		select {
		case <-d.process.Gone():
			return fmt.Errorf("the IKE daemon ended at once: %s", d.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the IKE daemon does not answer: %w", err)
		case <-time.After(wait):
		}
	}
}

// lastWords is the last line of what the process printed.
func (d *daemon) lastWords() string {
	for _, ending := range []string{".log", endLog} {
		text, _ := os.ReadFile(d.path(ending))
		text = bytes.TrimSpace(text)
		if len(text) > 0 {
			return string(text[bytes.LastIndexByte(text, '\n')+1:])
		}
	}
	return "it said nothing"
}

// configure writes the settings where they differ and has the process read them: whether
// it answers aggressive mode is looked up there each time.
func (d *daemon) configure() error {
	text := settings(*d.want, d.path(endSocket), d.path(endLog))
	was, err := os.ReadFile(d.path(endConf))
	if err == nil && string(was) == text {
		return nil
	}
	if err := writeFile(d.path(endConf), []byte(text)); err != nil {
		return err
	}
	_, err = d.session.call("reload-settings", nil)
	return err
}

// trim bounds the log files. charon opens its own anew on HUP.
func (d *daemon) trim() {
	d.logged = 0
	err := errors.Join(
		host.RotateLog(d.path(".log"), logLimit, nil),
		host.RotateLog(d.path(endLog), logLimit, func() error {
			if d.process == nil {
				return nil
			}
			return d.process.Signal(syscall.SIGHUP)
		}))
	if err != nil {
		d.log.Warn("IKE daemon: log", "daemon", d.name, "error", err)
	}
}

func (d *daemon) removeFiles() error {
	var errs []error
	for _, ending := range []string{endConf, endSocket, endRecord, endLog, endLog + ".old", ".log", ".log.old"} {
		if err := os.Remove(d.path(ending)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// daemonName is the daemon of a child's name.
func daemonName(child string) (string, bool) { return strings.CutPrefix(child, prefix) }
