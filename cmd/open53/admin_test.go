package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// foreignServer answers the Route 53 API only.
func foreignServer(t *testing.T) string {
	return relay(t, startNode(t), func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, adminPrefix) {
			answerError(w, 404, "UnknownOperationException", "")
			return true
		}
		return false
	})
}

// adminServer answers one path of the admin API itself.
func adminServer(t *testing.T, path, text string) string {
	return relay(t, startNode(t), func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != adminPrefix+path {
			return false
		}
		_, _ = io.WriteString(w, text)
		return true
	})
}

func TestVerifyTellsFaults(t *testing.T) {
	progress := "{\"done\":1,\"total\":4}\n{\"done\":3,\"total\":4}\n"
	report := `{"report":{"events":7,"entities":2,"rrsets":3,"faults":["event 3 is not what was hashed","zone Z1 counts 9 RRsets"]}}`
	r := cli(t, adminServer(t, "verify", progress+report), "verify")
	r.fails(t, exitFailed, "open53: verify: the store has 2 faults\n")
	if want := "event 3 is not what was hashed\nzone Z1 counts 9 RRsets\n7 events, 2 entities, 3 record sets: 2 faults\n"; r.out != want {
		t.Errorf("%s\nwant\n%s", r.out, want)
	}
	r = cli(t, adminServer(t, "verify", report), "verify", "--output", "json")
	r.fails(t, exitFailed, "2 faults")
	if !strings.Contains(r.out, `"event 3 is not what was hashed"`) {
		t.Error(r.out)
	}
	cli(t, adminServer(t, "verify", progress), "verify").fails(t, exitFailed, "verify: the server ended without a report")
	cli(t, adminServer(t, "verify", progress+"{"), "verify").fails(t, exitFailed, "verify: unexpected EOF")
	cli(t, adminServer(t, "verify", progress+`{"error":{"code":"InternalFailure","message":"disk is gone"}}`), "verify").
		fails(t, exitFailed, "verify: InternalFailure: disk is gone")
}

func TestVerifyDirectoryTellsFaults(t *testing.T) {
	data := t.TempDir()
	if err := os.MkdirAll(filepath.Join(data, "store", "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	cli(t, "http://127.0.0.1:1", "verify", "--data", data).fails(t, exitFailed, "verify: open data directory")
}

// TestBackupIsWhole cuts and alters backups on their way: none of them gets
// the name that was asked for.
func TestBackupIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "saved")
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter, whole []byte)
		want   string
	}{
		{"cut connection", func(w http.ResponseWriter, whole []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = w.Write(whole[:len(whole)/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, "backup: receive: unexpected EOF; "},
		{"cut short", func(w http.ResponseWriter, whole []byte) { _, _ = w.Write(whole[:len(whole)/2]) }, "; "},
		{"altered", func(w http.ResponseWriter, whole []byte) {
			altered := bytes.Clone(whole)
			altered[len(whole)/2] ^= 1
			_, _ = w.Write(altered)
		}, "; "},
		{"nothing", func(http.ResponseWriter, []byte) {}, "; "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			node := startNode(t)
			cli(t, node, "zone", "create", "example.com").must(t)
			cli(t, node, "backup", "-o", path+".whole").must(t)
			whole, err := os.ReadFile(path + ".whole")
			if err != nil {
				t.Fatal(err)
			}
			endpoint := relay(t, node, func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != adminPrefix+"backup" {
					return false
				}
				tt.answer(w, whole)
				return true
			})
			cli(t, endpoint, "backup", "-o", path).fails(t, exitFailed, tt.want+path+" was not written\n")
			for _, left := range []string{path, path + ".tmp"} {
				if _, err := os.Stat(left); err == nil {
					t.Errorf("%s is there", left)
				}
			}
			cli(t, endpoint, "backup", "-o", "-").fails(t, exitFailed, "backup: ")
		})
	}
}

func TestBackupKeepsTheOldFile(t *testing.T) {
	path := file(t, "saved", "old")
	cli(t, adminServer(t, "backup", "rubbish"), "backup", "-o", path).fails(t, exitFailed, "was not written")
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestRestoreLeavesWhatWasThere(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	cli(t, "", "restore", "--data", data, file(t, "rubbish", "rubbish")).fails(t, exitFailed, "restore into")
	if list, err := os.ReadDir(data); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	cli(t, "", "restore", "--data", data, filepath.Join(data, "none")).fails(t, exitFailed, "restore: open")
}

// TestHistoryPages reads a history that comes in pages.
func TestHistoryPages(t *testing.T) {
	var asked []string
	node := startNode(t)
	cli(t, node, "zone", "create", "example.com").must(t)
	endpoint := relay(t, node, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/history") {
			return false
		}
		asked = append(asked, r.URL.RawQuery)
		next := 250 - 100*len(asked)
		first := next + 100
		var list []string
		for v := first; v > max(next, 0); v-- {
			list = append(list, fmt.Sprintf(`{"version":%d,"time":"2026-01-02T03:04:05.678Z","operation":"o","changes":[]}`, v))
		}
		_, _ = fmt.Fprintf(w, `{"versions":[%s],"next":%d}`, strings.Join(list, ","), max(next, 0))
		return true
	})
	r := cli(t, endpoint, "history", "example.com", "--limit", "0").must(t)
	if lines := strings.Count(r.out, "\n"); lines != 251 || !strings.Contains(r.out, "\n1        2026-01-02T03:04:05.678Z  -      o          0        -\n") {
		t.Errorf("%d lines\n%.300s", lines, r.out)
	}
	if got := strings.Join(asked, " "); got != "order=desc&limit=100 order=desc&limit=100&from=150 order=desc&limit=100&from=50" {
		t.Error(got)
	}
	asked = nil
	if r = cli(t, endpoint, "history", "example.com", "--limit", "120").must(t); asked[1] != "order=desc&limit=20&from=150" {
		t.Error(asked)
	}
}
