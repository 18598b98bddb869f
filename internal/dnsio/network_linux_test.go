package dnsio

import (
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ownNetwork moves the test's goroutine into a network of its own, whose
// loopback interface has several addresses of each family, and returns them.
// It returns none where the user may not do that.
func ownNetwork(t *testing.T) []string {
	t.Helper()
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Logf("no network of our own: %v", err)
		return nil
	}
	commands := [][]string{
		{"link", "set", "lo", "up"},
		{"addr", "add", "192.0.2.7/32", "dev", "lo"},
		{"addr", "add", "198.51.100.9/24", "dev", "lo"},
		{"-6", "addr", "add", "2001:db8::7/128", "dev", "lo", "nodad"},
		{"-6", "addr", "add", "2001:db8:9::9/64", "dev", "lo", "nodad"},
		{"-6", "addr", "add", "fe80::7/64", "dev", "lo", "nodad"},
	}
	for _, args := range commands {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Skipf("ip %v: %v: %s", args, err, out)
		}
	}
	// Addresses of IPv6 become usable a moment later, "nodad" or not.
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		out, err := exec.Command("ip", "-6", "addr", "show", "tentative").CombinedOutput()
		if err != nil {
			t.Fatalf("ip addr: %v: %s", err, out)
		}
		if len(out) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("addresses stay tentative: %s", out)
		}
	}
	return []string{"192.0.2.7", "198.51.100.9", "198.51.100.9", "2001:db8::7", "2001:db8:9::9", "fe80::7%lo"}
}
