package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/process"
	"open53/test/bench/internal/zonedata"
)

const (
	schema   = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"
	pdnsKey  = "bench"
	database = "pdns.sqlite3"
)

// pdnsConfig is read by the server and by pdnsutil.
const pdnsConfig = `launch=gsqlite3
socket-dir=%s
api-key=%s
gsqlite3-database=%s
gsqlite3-pragma-journal-mode=WAL
gsqlite3-pragma-synchronous=2
gsqlite3-dnssec=no
api=yes
webserver=yes
daemon=no
guardian=no
loglevel=3
`

func newPowerDNS() *target {
	return &target{
		name: "PowerDNS",
		settings: "gsqlite3 backend, journal mode WAL and synchronous FULL so that each change is synced to disk; HTTP API with a key; " +
			"requests one at a time, as it fails those that SQLite finds writing at once (\"database is locked\"); " +
			"caches as they come, but off while the time from change to answer is measured: they keep for 20 s what is asked for during a change; " +
			"zone imported by pdnsutil load-zone straight into the database, not through the API",
		visible: []string{"--cache-ttl=0", "--query-cache-ttl=0", "--negquery-cache-ttl=0"},
		version: func(ctx context.Context) (string, error) {
			for _, program := range []string{"pdnsutil", "sqlite3"} {
				if _, err := exec.LookPath(program); err != nil {
					return "", err
				}
			}
			if _, err := os.Stat(schema); err != nil {
				return "", err
			}
			servers, err := dnsserver.Named("PowerDNS")
			if err != nil {
				return "", err
			}
			return servers[0].Version(ctx, dnsserver.Programs{})
		},
		prepare: func(ctx context.Context, dir string) error {
			tables, err := os.ReadFile(schema)
			if err != nil {
				return err
			}
			if err := sqlite(ctx, dir, bytes.NewReader(tables)); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "pdns.conf"), fmt.Appendf(nil, pdnsConfig, dir, pdnsKey, filepath.Join(dir, database)), 0o644)
		},
		command: func(dir string, at addresses) process.Spec {
			return process.Spec{Args: []string{
				"pdns_server", "--config-dir=" + dir,
				"--local-address=" + at.dns.Addr().String(), fmt.Sprintf("--local-port=%d", at.dns.Port()),
				"--webserver-address=" + at.api.Addr().String(), fmt.Sprintf("--webserver-port=%d", at.api.Port()),
			}}
		},
		connect: func(_ string, at addresses) (api, error) {
			return &powerDNS{
				url:    "http://" + at.api.String() + "/api/v1/servers/localhost/zones",
				client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: time.Minute},
			}, nil
		},
		load: func(ctx context.Context, dir, zoneFile string) (time.Duration, error) {
			begin := time.Now()
			out, err := exec.CommandContext(ctx, "pdnsutil", "--config-dir="+dir, "load-zone", strings.TrimSuffix(apex, "."), zoneFile).CombinedOutput()
			if err != nil {
				return 0, fmt.Errorf("pdnsutil load-zone: %w: %s", err, out)
			}
			return time.Since(begin), nil
		},
		fill: fillPowerDNS,
	}
}

// sqlite runs statements on PowerDNS's database.
func sqlite(ctx context.Context, dir string, statements io.Reader) error {
	cmd := exec.CommandContext(ctx, "sqlite3", "-bail", filepath.Join(dir, database))
	cmd.Stdin = statements
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("sqlite3: %w: %s", err, out)
	}
	return nil
}

// fillPowerDNS writes small zones into the database.
func fillPowerDNS(ctx context.Context, dir string, from, to int) error {
	path := filepath.Join(dir, "fill.sql")
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(path)
	}()
	w := bufio.NewWriterSize(file, 1<<20)
	// Names and numbers are our own: there is nothing to quote.
	_, err = fmt.Fprintln(w, "BEGIN;")
	for i := from; i < to && err == nil; i++ {
		zone := strings.TrimSuffix(smallZone(i), ".")
		_, err = fmt.Fprintf(w, "INSERT INTO domains(name,type) VALUES('%s','NATIVE');\n"+
			"INSERT INTO records(domain_id,name,type,content,ttl,prio,disabled,auth) VALUES"+
			"(last_insert_rowid(),'%s','SOA','ns1.%s hostmaster.%s 1 10800 3600 604800 3600',3600,0,0,1);\n", zone, zone, zone, zone)
		for j, name := range []string{zone, "a." + zone, "b." + zone, "c." + zone} {
			rtype, content := "A", zonedata.Address(i)
			if j == 0 {
				rtype, content = "NS", "ns1."+zone
			}
			if err == nil {
				_, err = fmt.Fprintf(w, "INSERT INTO records(domain_id,name,type,content,ttl,prio,disabled,auth) "+
					"SELECT id,'%s','%s','%s',60,0,0,1 FROM domains WHERE name='%s';\n", name, rtype, content, zone)
			}
		}
	}
	if err == nil {
		_, err = fmt.Fprintln(w, "COMMIT;")
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	return sqlite(ctx, dir, file)
}

// powerDNS is PowerDNS's API.
type powerDNS struct {
	url    string
	client *http.Client
	turn   sync.Mutex // held by the one request under way
}

func (p *powerDNS) createZone(ctx context.Context, name string) (string, error) {
	return name, p.call(ctx, http.MethodPost, p.url, map[string]any{"name": name, "kind": "Native", "nameservers": []string{"ns1." + name}}, http.StatusCreated)
}

func (p *powerDNS) upsert(ctx context.Context, zoneID string, records ...record) error {
	sets := make([]map[string]any, len(records))
	for i, r := range records {
		sets[i] = map[string]any{
			"name": r.name, "type": "A", "ttl": 60, "changetype": "REPLACE",
			"records": []map[string]any{{"content": r.address, "disabled": false}},
		}
	}
	return p.call(ctx, http.MethodPatch, p.url+"/"+zoneID, map[string]any{"rrsets": sets}, http.StatusNoContent)
}

func (p *powerDNS) call(ctx context.Context, method, url string, body any, want int) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("X-API-Key", pdnsKey)
	r.Header.Set("Content-Type", "application/json")
	p.turn.Lock()
	defer p.turn.Unlock()
	response, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != want {
		return fmt.Errorf("%s %s: status %d: %s", method, url, response.StatusCode, answer)
	}
	return nil
}
