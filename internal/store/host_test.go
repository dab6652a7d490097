package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// hostsIn prints the hosts that a view shows, without their epochs.
func hostsIn(r Reader) string {
	var names []string
	for h := range Hosts.All(r) {
		names = append(names, string(h.Name)+"("+h.Engine+")")
	}
	return strings.Join(names, " ")
}

// announce fails the test when h cannot be a host.
func announce(t *testing.T, s *Store, h vpc.Host) (epoch string) {
	t.Helper()
	epoch, err := s.Announce(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	if row, ok := Hosts.Get(s.View(), h.Name); !ok || row.Epoch != epoch || row.Since == 0 {
		t.Fatalf("announced %s with epoch %s, the view has %+v", h.Name, epoch, row)
	}
	return epoch
}

var hostA = vpc.Host{Name: "a", Home: "machine a:/data", Engine: "kernel"}

// TestHostOfACluster: a host is seen by every replica while it gives signs of life, and
// goes with its lease, whatever is written meanwhile.
func TestHostOfACluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores := replicas(t, sharedMemory(), 2)
		a, b := stores[0], stores[1]
		announce(t, a, hostA)
		time.Sleep(10 * hostTTL)
		if got := hostsIn(b.View()); got != "a(kernel)" {
			t.Errorf("after a while the other replica shows %q", got)
		}
		if err := a.Withdraw(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := hostsIn(a.View()) + hostsIn(b.View()); got != "" {
			t.Errorf("withdrawn, but %q is shown", got)
		}
		announce(t, a, hostA)
		a.Close()
		synctest.Wait()
		if got := hostsIn(b.View()); got != "" {
			t.Errorf("closed, but %q is shown", got)
		}
		b.Close()
	})
}

// TestHostDies: the process ends without a word. Its row goes, on a replica that writes
// all the time too: what it writes comes after the end of the lease, and must not hide it.
func TestHostDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sharedMemory()
		stores := replicas(t, m, 2)
		a, b := stores[0], stores[1]
		announce(t, a, hostA)
		synctest.Wait()
		end := make(chan struct{})
		held := goUpdate(t.Context(), b, func(tx *Tx) error { <-end; return putVPC("vpc-1")(tx) })
		synctest.Wait() // b's writer hears nothing until its commit is done
		dead := a.host.presence
		a.host.presence = nil
		dead.halt()
		m.endLease(dead.lease)
		close(end)
		<-held
		synctest.Wait()
		if got := hostsIn(b.View()); got != "" {
			t.Errorf("the lease ended, but %q is shown", got)
		}
		update(t, b, putVPC("vpc-2"))
		if v, err := a.Read(t.Context()); err != nil || vpcsIn(v) != "vpc-1 vpc-2" || hostsIn(v) != "" {
			t.Errorf("the other replica shows %q and %q, %v", vpcsIn(v), hostsIn(v), err)
		}
		for _, s := range stores {
			s.Close()
		}
	})
}

// TestHostEventAfterWatchBreaks: the lease ends while a replica's watch is broken and
// the replica itself goes on writing.
func TestHostEventAfterWatchBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &flaky{memory: sharedMemory()}
		stores := replicas(t, db, 2)
		a, b := stores[0], stores[1]
		for i := range 10 {
			h := hostA
			h.Engine = fmt.Sprint("engine ", i)
			announce(t, a, h)
			update(t, b, putVPC(vpc.VPCID(fmt.Sprintf("vpc-%02d", i))))
			time.Sleep(5 * time.Second)
			if got, want := hostsIn(b.View()), "a("+h.Engine+")"; got != want {
				t.Errorf("after change %d the other replica shows %q, want %q", i, got, want)
			}
			if i%3 == 2 {
				if err := a.Withdraw(t.Context()); err != nil {
					t.Fatal(err)
				}
				update(t, b, putVPC(vpc.VPCID(fmt.Sprintf("vpc-%02d-gone", i))))
				time.Sleep(5 * time.Second)
				if got := hostsIn(b.View()); got != "" {
					t.Errorf("withdrawn at change %d, but %q is shown", i, got)
				}
			}
		}
		for _, s := range stores {
			s.Close()
		}
	})
}

// TestHostIsNotHeard: signs of life get no answer for longer than the lease lasts. When
// the lease lives all the same, as it does without a quorum, nothing has changed; when
// it has ended the host comes back with another epoch.
func TestHostIsNotHeard(t *testing.T) {
	for name, ends := range map[string]bool{"no quorum": false, "cut off": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sharedMemory()
				var silent atomic.Bool
				m.mute = func() error {
					if silent.Load() {
						return errors.New("no leader")
					}
					return nil
				}
				stores := replicas(t, m, 2)
				a, b := stores[0], stores[1]
				first := announce(t, a, hostA)
				lease := a.host.presence.lease
				if !ends {
					m.mu.Lock()
					m.mu.leases[lease].end.Stop()
					m.mu.Unlock()
				}
				silent.Store(true)
				time.Sleep(6 * hostTTL)
				if got, want := hostsIn(b.View()), map[bool]string{true: "", false: "a(kernel)"}[ends]; got != want {
					t.Errorf("meanwhile %q is shown, want %q", got, want)
				}
				silent.Store(false)
				time.Sleep(2 * hostBeat)
				h, ok := Hosts.Get(b.View(), "a")
				if !ok || (h.Epoch != first) != ends {
					t.Errorf("afterwards %+v is shown; the first epoch was %s", h, first)
				}
				for _, s := range stores {
					s.Close()
				}
			})
		})
	}
}

// TestHostNameTaken: two homes cannot be one host while both live; a new run at the same
// home takes the name over, and the old one notices.
func TestHostNameTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores := replicas(t, sharedMemory(), 3)
		first := announce(t, stores[0], hostA)
		other := hostA
		other.Home = "machine b:/data"
		if _, err := stores[1].Announce(t.Context(), other); !errors.Is(err, errHostTaken) || !strings.Contains(err.Error(), "machine a") {
			t.Errorf("another home: %v", err)
		}
		second := announce(t, stores[2], hostA)
		if first == second {
			t.Error("a new run has the epoch of the old one")
		}
		time.Sleep(10 * hostTTL)
		if h, ok := Hosts.Get(stores[1].View(), "a"); !ok || h.Epoch != second {
			t.Errorf("the two take the name from each other: the row is %+v, want epoch %s", h, second)
		}
		for _, s := range stores {
			s.Close()
		}
	})
}

// TestHostNameFreed: a name is waited for while its former holder may be dead.
func TestHostNameFreed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores := replicas(t, sharedMemory(), 2)
		announce(t, stores[0], hostA)
		stores[0].host.presence.halt()
		other := hostA
		other.Home = "machine b:/data"
		start := time.Now()
		announce(t, stores[1], other)
		if took := time.Since(start); took > hostTTL+hostBeat {
			t.Errorf("it took %v", took)
		}
		for _, s := range stores {
			s.Close()
		}
	})
}

// TestHostAlone: a store of one process has no lease to go by, so the rows of former
// runs go when it is opened.
func TestHostAlone(t *testing.T) {
	m := newMemory()
	key := filepath.Join(t.TempDir(), "master.key")
	s := openOn(t, m, Options{MasterKeyFile: key})
	announce(t, s, hostA)
	announce(t, s, vpc.Host{Name: "a", Engine: "libipsec"})
	if got := hostsIn(s.View()); got != "a(libipsec)" {
		t.Errorf("hosts %q", got)
	}
	s.Close()
	s = openOn(t, m, Options{MasterKeyFile: key})
	if got := hostsIn(s.View()); got != "" {
		t.Errorf("opened again, hosts %q", got)
	}
	announce(t, s, hostA)
	if err := s.Withdraw(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := hostsIn(s.View()); got != "" {
		t.Errorf("withdrawn, hosts %q", got)
	}
	update(t, s, putVPC("vpc-1"))
}

// TestHostsAreNotBackedUp: a backup has neither hosts nor statuses; a restore keeps the
// hosts that live and drops what they have reported of other rows.
func TestHostsAreNotBackedUp(t *testing.T) {
	for name, db := range map[string]*memory{"alone": newMemory(), "cluster": sharedMemory()} {
		t.Run(name, func(t *testing.T) {
			s := openOn(t, db, Options{MasterKeyFile: filepath.Join(t.TempDir(), "master.key")})
			epoch := announce(t, s, hostA)
			update(t, s, putVPC("vpc-1"))
			update(t, s, putStatuses(epoch))
			var file bytes.Buffer
			info, err := s.Backup(context.Background(), &file, false)
			if err != nil || info.Keys != 3 { // the VPC, the workload and the seal
				t.Fatalf("%+v, %v", info, err)
			}
			update(t, s, putVPC("vpc-2"))
			if _, err := s.Restore(t.Context(), &file); err != nil {
				t.Fatal(err)
			}
			v := s.View()
			if got := vpcsIn(v) + " " + hostsIn(v); got != "vpc-1 a(kernel)" {
				t.Errorf("restored: %q", got)
			}
			if n := GatewayStatuses.Len(v) + ConnectionStatuses.Len(v) + WorkloadStatuses.Len(v) + SSLServerStatuses.Len(v); n != 0 {
				t.Errorf("%d statuses are left", n)
			}
			if Workloads.Len(v) != 1 {
				t.Error("the workload is lost")
			}
		})
	}
}

func putStatuses(epoch string) func(*Tx) error {
	return func(tx *Tx) error {
		GatewayStatuses.Put(tx, &vpc.GatewayStatus{ID: "vpngw-1", Host: "a", Epoch: epoch})
		ConnectionStatuses.Put(tx, &vpc.ConnectionStatus{ID: "vpnx-1", Host: "a", Epoch: epoch})
		WorkloadStatuses.Put(tx, &vpc.WorkloadStatus{ID: "att-1", Host: "a", Epoch: epoch})
		SSLServerStatuses.Put(tx, &vpc.SSLServerStatus{ID: "vpns-1", Host: "a", Epoch: epoch})
		Workloads.Put(tx, &vpc.Workload{ID: "att-1", Host: "a"})
		return nil
	}
}
