package dnsserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"open53/test/bench/internal/process"
)

// write writes a file of configuration.
func (s *Setup) write(name, format string, args ...any) error {
	return os.WriteFile(s.file(name), fmt.Appendf(nil, format, args...), 0o644)
}

// apex is the zone's name without its final dot, as most configurations want
// it.
func (s *Setup) apex() string { return strings.TrimSuffix(s.Zone.Apex, ".") }

func gdnsd() *Server {
	return &Server{
		Name:     "gdnsd",
		Settings: "udp_threads = 1, tcp_threads = 1",
		Policies: gdnsdPolicies(),
		version:  printed("version ", "gdnsd", "-?"),
		prepare: func(_ context.Context, s *Setup) (process.Spec, error) {
			if err := os.MkdirAll(s.file("zones"), 0o755); err != nil {
				return process.Spec{}, err
			}
			// A zone's name is that of its file.
			if err := os.Symlink(s.ZoneFile, filepath.Join(s.file("zones"), s.apex())); err != nil {
				return process.Spec{}, err
			}
			err := s.write("config", `options => {
  listen => %s
  udp_threads = 1
  tcp_threads = 1
  run_dir = %s
  state_dir = %s
}
%s`, s.Address, s.file("run"), s.file("state"), s.gdnsdPlugins())
			if err == nil && s.Positions != "" {
				err = s.writeGdnsdPolicies()
			}
			return process.Spec{Args: []string{"gdnsd", "-c", s.Dir, "start"}}, err
		},
	}
}

func nsd() *Server {
	return &Server{
		Name:     "NSD",
		Settings: "server-count 1, text zone (no nsd.db), minimal-responses, RRL off",
		version:  printed("NSD version ", "nsd", "-v"),
		prepare: func(_ context.Context, s *Setup) (process.Spec, error) {
			err := s.write("nsd.conf", `server:
  server-count: 1
  ip-address: %s@%d
  username: ""
  database: ""
  zonesdir: %[3]q
  zonelistfile: "%[3]s/zone.list"
  xfrdfile: "%[3]s/xfrd.state"
  xfrdir: %[3]q
  pidfile: "%[3]s/nsd.pid"
  minimal-responses: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  tcp-count: 1000
remote-control:
  control-enable: no
zone:
  name: %[4]q
  zonefile: %[5]q
`, s.Address.Addr(), s.Address.Port(), s.Dir, s.apex(), s.ZoneFile)
			return process.Spec{Args: []string{"nsd", "-d", "-c", s.file("nsd.conf")}}, err
		},
	}
}

func knot() *Server {
	return &Server{
		Name:     "Knot",
		Settings: "udp-workers 1, tcp-workers 1, background-workers 1, no journal",
		version:  printed("version ", "knotd", "--version"),
		prepare: func(_ context.Context, s *Setup) (process.Spec, error) {
			err := s.write("knot.conf", `server:
  rundir: %[3]q
  listen: %[1]s@%[2]d
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "%[3]s/db"
log:
  - target: stderr
    any: warning
template:
  - id: default
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: %[4]q
    file: %[5]q
`, s.Address.Addr(), s.Address.Port(), s.Dir, s.apex(), s.ZoneFile)
			return process.Spec{Args: []string{"knotd", "-c", s.file("knot.conf")}}, err
		},
	}
}

func powerDNS() *Server {
	return &Server{
		Name:     "PowerDNS",
		Settings: "bind backend, receiver-threads 1, distributor-threads 1, packet and query cache for an hour; policies by the geoip backend",
		Policies: powerDNSPolicies(),
		version:  printed("Authoritative Server ", "pdns_server", "--version"),
		prepare: func(_ context.Context, s *Setup) (process.Spec, error) {
			if err := s.write("zones.conf", "zone %q { type master; file %q; };\n", s.apex(), s.ZoneFile); err != nil {
				return process.Spec{}, err
			}
			backends := "bind"
			if s.Positions != "" {
				backends = "bind,geoip\nedns-subnet-processing=yes\ngeoip-database-files=" + s.Positions + "\ngeoip-zones-file=" + s.file("geoip.yaml")
				if err := s.writePowerDNSPolicies(); err != nil {
					return process.Spec{}, err
				}
			}
			err := s.write("pdns.conf", `launch=%[4]s
bind-config=%[3]s/zones.conf
bind-check-interval=0
local-address=%[1]s
local-port=%[2]d
socket-dir=%[3]s
daemon=no
guardian=no
loglevel=3
receiver-threads=1
distributor-threads=1
cache-ttl=3600
query-cache-ttl=3600
negquery-cache-ttl=3600
max-cache-entries=4000000
max-packet-cache-entries=4000000
max-tcp-connections=200
`, s.Address.Addr(), s.Address.Port(), s.Dir, backends)
			return process.Spec{Args: []string{"pdns_server", "--config-dir=" + s.Dir}}, err
		},
	}
}

func bind() *Server {
	return &Server{
		Name:     "BIND",
		Settings: "-n 1 -U 1, zone in raw format, minimal-responses",
		version:  printed("BIND ", "named", "-v"),
		prepare: func(ctx context.Context, s *Setup) (process.Spec, error) {
			raw := s.file("zone.raw")
			if err := run(ctx, nil, "named-compilezone", "-q", "-i", "none", "-F", "raw", "-o", raw, s.apex(), s.ZoneFile); err != nil {
				return process.Spec{}, err
			}
			err := s.write("named.conf", `options {
  directory %[3]q;
  listen-on port %[2]d { %[1]s; };
  listen-on-v6 { none; };
  recursion no;
  dnssec-validation no;
  minimal-responses yes;
  notify no;
  pid-file none;
  session-keyfile none;
  tcp-clients 1000;
  zone-statistics none;
};
controls { };
zone %[4]q { type primary; file %[5]q; masterfile-format raw; };
`, s.Address.Addr(), s.Address.Port(), s.Dir, s.apex(), raw)
			return process.Spec{Args: []string{"named", "-f", "-n", "1", "-U", "1", "-c", s.file("named.conf")}}, err
		},
	}
}
