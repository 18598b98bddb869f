package dnstest

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Peer is a name server of another make, run by a test on loopback.
type Peer struct {
	Name string
	Addr string // host:port for UDP and TCP
}

// ZoneFile is a zone given to peers in master file form.
type ZoneFile struct {
	Name string // fully qualified
	Text string
}

// peerConfig writes the server's configuration into dir and returns the
// command that runs it in the foreground.
type peerConfig func(dir string, port int, zones []ZoneFile) (config string, command []string)

// peers are the servers by name; each is a Debian package that the test
// set-up installs.
var peers = map[string]struct {
	program string
	config  peerConfig
}{
	"bind": {"/usr/sbin/named", bindConfig},
	"knot": {"/usr/sbin/knotd", knotConfig},
	"nsd":  {"/usr/sbin/nsd", nsdConfig},
}

// StartPeer runs a peer with zones until the test ends. Zone files are written
// as dir/zone-N.
func StartPeer(t *testing.T, name string, zones []ZoneFile) Peer {
	t.Helper()
	spec, ok := peers[name]
	if !ok {
		t.Fatalf("no peer %q", name)
	}
	if _, err := os.Stat(spec.program); err != nil {
		t.Fatalf("%s is not installed: run make test-setup", spec.program)
	}
	dir := t.TempDir()
	for i, z := range zones {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("zone-%d", i)), []byte(z.Text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	port := FreePort(t)
	config, command := spec.config(dir, port, zones)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // servers fork
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = log.Close()
	})
	p := Peer{Name: name, Addr: fmt.Sprintf("127.0.0.1:%d", port)}
	if err := p.await(zones); err != nil {
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("%s: %v\n%s", name, err, tail(string(text), 40))
	}
	return p
}

// await returns when every zone is answered.
func (p Peer) await(zones []ZoneFile) error {
	deadline := time.Now().Add(20 * time.Second)
	for _, z := range zones {
		for {
			m := new(dns.Msg)
			m.SetQuestion(z.Name, dns.TypeSOA)
			r, err := dns.Exchange(m, p.Addr)
			if err == nil && r.Rcode == dns.RcodeSuccess && len(r.Answer) > 0 {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("zone %s is not answered: %v: %w", z.Name, r, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// FreePort is a port that nobody on loopback uses for UDP or TCP right now.
func FreePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))))
		_ = l.Close()
		if err == nil {
			_ = u.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func bindConfig(dir string, port int, zones []ZoneFile) (string, []string) {
	var b strings.Builder
	fmt.Fprintf(&b, `options {
	directory %q; pid-file none; session-keyfile none; lock-file none; managed-keys-directory %q;
	listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };
	recursion no; allow-transfer { any; }; notify no; dnssec-validation no;
	minimal-responses no; minimal-any no; zero-no-soa-ttl no; max-udp-size 1232; edns-udp-size 1232; empty-zones-enable no;
	check-integrity no; check-names master ignore; check-names response ignore;
	check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; check-wildcard no; check-sibling no; check-spf ignore; check-dup-records ignore;
	rrset-order { order fixed; }; require-server-cookie no; answer-cookie no;
};
controls { };
`, dir, dir, port)
	for i, z := range zones {
		fmt.Fprintf(&b, "zone %q { type primary; file \"zone-%d\"; };\n", z.Name, i)
	}
	return b.String(), []string{"/usr/sbin/named", "-g", "-n", "1", "-c", filepath.Join(dir, "config"), "-p", fmt.Sprint(port)}
}

func knotConfig(dir string, port int, zones []ZoneFile) (string, []string) {
	var b strings.Builder
	fmt.Fprintf(&b, `server:
    rundir: %[1]s
    listen: 127.0.0.1@%[2]d
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    udp-max-payload: 1232
database:
    storage: %[1]s
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: %[1]s
    semantic-checks: soft
    journal-content: none
    zonefile-load: whole
zone:
`, dir, port)
	for i, z := range zones {
		fmt.Fprintf(&b, "  - domain: %q\n    file: zone-%d\n", z.Name, i)
	}
	return b.String(), []string{"/usr/sbin/knotd", "-c", filepath.Join(dir, "config")}
}

func nsdConfig(dir string, port int, zones []ZoneFile) (string, []string) {
	var b strings.Builder
	fmt.Fprintf(&b, `server:
    ip-address: 127.0.0.1@%[2]d
    do-ip6: no
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: %[1]q
    database: ""
    pidfile: ""
    xfrdfile: ""
    xfrdir: %[1]q
    zonelistfile: "%[1]s/zone.list"
    ipv4-edns-size: 1232
    minimal-responses: no
    rrl-ratelimit: 0
    refuse-any: no
    round-robin: no
remote-control:
    control-enable: no
`, dir, port)
	for i, z := range zones {
		fmt.Fprintf(&b, "zone:\n    name: %q\n    zonefile: zone-%d\n", z.Name, i)
	}
	return b.String(), []string{"/usr/sbin/nsd", "-d", "-c", filepath.Join(dir, "config")}
}
