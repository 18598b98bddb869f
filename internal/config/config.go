// Package config is everything an operator can set, as one validated struct.
//
// Each setting has one name and three ways in, the first that is given wins:
//
//	flag                --dns 127.0.0.1:5454
//	environment         OPEN53_DNS=127.0.0.1:5454,[::1]:5454
//	configuration file  dns = ["127.0.0.1:5454", "[::1]:5454"]     (TOML)
//	default
//
// Register declares them all on a flag set, so that --help, the environment
// and the file can't disagree; Load fills in what no flag gave. A Config is
// not changed after Load.
package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"

	"open53/internal/rdata"
)

// Config is the settings of a server.
type Config struct {
	API  []string // addresses of the HTTP API
	DNS  []string // addresses of the DNS service, UDP and TCP
	Data string   // data directory; empty keeps everything in memory
	File string   // configuration file

	Log       string // debug, info, warn or error
	LogFormat string // text or json
	ReadyFile string // written with the bound addresses when the server serves

	NameServers []string // of new zones
	Hostmaster  string   // RNAME of new zones' SOA, as a domain name
	AccountID   string
	Strict      bool // refuse what Amazon refuses
	Quotas      bool // enforce Amazon's quotas
	Throttle    bool // imitate Amazon's throttling
	CheckerIPs  []string

	APITLSCert, APITLSKey string
	AllowRemote           bool // dev: bind beyond loopback although anyone is let in

	Any         string // minimal, full or hinfo
	UDPSize     int
	NSID        string
	ServerID    string // answers id.server
	DNSVersion  string // answers version.bind
	AuthorityNS bool
	Resolvers   []string
	// StickyPrefix draws weighted and multivalue answers by the client's network.
	StickyPrefix bool

	GeoDatabases []string // MMDB files; none: those that are found
	Regions      []Region // beside Amazon's
	regionTexts  []string

	Cookies              bool
	CookieRequire        bool
	CookieSecret         string // 32 hexadecimal digits; random if empty
	CookieSecretPrevious string
	RateLimit            int // responses a second to a network, of one kind
	RateLimitSlip        int
	RateLimitExempt      []string
	DoT                  []string // addresses of DNS over TLS
	DoTCert, DoTKey      string

	Workers    int
	PortableIO bool
	TCPClients int
	TCPIdle    time.Duration

	BlockCache int // MiB
}

// Environment is the prefix of the variables.
const Environment = "OPEN53_"

// Defaults of the two services. 4566 is where Route 53 emulators listen.
const (
	DefaultAPI = "127.0.0.1:4566"
	DefaultDNS = "127.0.0.1:5454"
)

// Register declares the settings of a server on a flag set. dev chooses the
// defaults of `open53 dev`.
func (c *Config) Register(f *pflag.FlagSet, dev bool) {
	data := "./open53-data"
	if dev {
		data = ""
	}
	f.StringSliceVar(&c.API, "api", []string{DefaultAPI}, "`ADDR:PORT` of the HTTP API; may be repeated")
	f.StringSliceVar(&c.DNS, "dns", []string{DefaultDNS}, "`ADDR:PORT` of DNS over UDP and TCP; may be repeated")
	f.StringVar(&c.Data, "data", data, "data `DIR`; in memory if empty")
	f.StringVar(&c.File, "config", "", "configuration `FILE` (TOML); keys are these names")
	f.StringVar(&c.Log, "log", "info", "log `LEVEL`: debug, info, warn, error")
	f.StringVar(&c.LogFormat, "log-format", "text", "log as text or json")
	f.StringVar(&c.ReadyFile, "ready-file", "", "`FILE` that gets the bound addresses as JSON when the server serves")

	f.StringSliceVar(&c.NameServers, "name-server", []string{
		"ns1.open53.internal.", "ns2.open53.internal.", "ns3.open53.internal.", "ns4.open53.internal.",
	}, "`NAME` of a name server of new zones; four are drawn per zone if there are more")
	f.StringVar(&c.Hostmaster, "hostmaster", "awsdns-hostmaster.amazon.com.", "`NAME` in the SOA of new zones")
	f.StringVar(&c.AccountID, "account-id", "000000000000", "AWS account `ID` that callers belong to")
	f.BoolVar(&c.Strict, "strict", false, "refuse record types and names that Amazon refuses")
	f.BoolVar(&c.Quotas, "quotas", false, "enforce Amazon's default quotas")
	f.BoolVar(&c.Throttle, "throttle", false, "throttle requests as Amazon does")
	f.StringSliceVar(&c.CheckerIPs, "checker-ip", []string{"127.0.0.1/32", "::1/128"}, "`CIDR` that health checks come from, for GetCheckerIpRanges")
	f.StringVar(&c.APITLSCert, "api-tls-cert", "", "`FILE` with the API's certificate chain (PEM); read again when it changes")
	f.StringVar(&c.APITLSKey, "api-tls-key", "", "`FILE` with its key")

	f.StringVar(&c.Any, "any", "minimal", "answer ANY: minimal (RFC 8482 over UDP), full, hinfo (always RFC 8482)")
	f.IntVar(&c.UDPSize, "udp-size", 1232, "largest DNS response over UDP, 512 to 4096 `BYTES`")
	f.StringVar(&c.NSID, "nsid", "", "`TEXT` for clients that ask for NSID")
	f.StringVar(&c.ServerID, "server-id", "", "`TEXT` that answers id.server CH TXT")
	f.StringVar(&c.DNSVersion, "dns-version", "", "`TEXT` that answers version.bind CH TXT")
	f.BoolVar(&c.AuthorityNS, "authority-ns", false, "add the zone's NS to positive answers, as Amazon does")
	f.StringSliceVar(&c.GeoDatabases, "geo-database", nil, "`FILE` (MMDB) that says where addresses are, best first; may be repeated; read again when it changes\n(default: *.mmdb in DATA/geo and ./open53-geo; \"none\" for none)")
	f.StringArrayVar(&c.regionTexts, "region", nil, "`NAME=LATITUDE,LONGITUDE` of a region of your own; may be repeated")
	f.BoolVar(&c.StickyPrefix, "sticky-prefix", false, "give all clients of a network (/24, /56) the same weighted and multivalue answers")
	f.StringSliceVar(&c.Resolvers, "resolver", nil, "`ADDR:PORT` that resolves aliases to AWS resources")
	f.BoolVar(&c.Cookies, "cookies", true, "answer DNS cookies (RFC 7873)")
	f.BoolVar(&c.CookieRequire, "cookie-require", false, "make UDP clients show a good cookie before they get answers")
	f.StringVar(&c.CookieSecret, "cookie-secret", "", "`HEX` (32 digits) that all servers of one address share; random if empty")
	f.StringVar(&c.CookieSecretPrevious, "cookie-secret-previous", "", "`HEX` of the secret before, still accepted")
	f.IntVar(&c.RateLimit, "rrl", 0, "most like responses a second to one network over UDP; 0 is no limit")
	f.IntVar(&c.RateLimitSlip, "rrl-slip", 2, "over the limit, truncate every `N`th response instead of dropping it")
	f.StringSliceVar(&c.RateLimitExempt, "rrl-exempt", nil, "`CIDR` without that limit; may be repeated")
	f.StringSliceVar(&c.DoT, "dot", nil, "`ADDR:PORT` of DNS over TLS; may be repeated")
	f.StringVar(&c.DoTCert, "dot-cert", "", "`FILE` with its certificate chain (PEM); read again when it changes")
	f.StringVar(&c.DoTKey, "dot-key", "", "`FILE` with its key")
	f.IntVar(&c.Workers, "workers", 0, "UDP sockets per address; 0 is one per core")
	f.BoolVar(&c.PortableIO, "portable-io", false, "do without batched system calls")
	f.IntVar(&c.TCPClients, "tcp-clients", 4096, "most DNS connections at once")
	f.DurationVar(&c.TCPIdle, "tcp-idle", 10*time.Second, "close DNS connections idle for this long")
	f.IntVar(&c.BlockCache, "block-cache", 16, "cache for the store's blocks, in `MiB`")
	if dev {
		f.BoolVar(&c.AllowRemote, "dangerously-allow-remote", false, "bind addresses beyond loopback although every request is let in")
	}
}

// Load fills in what no flag has set from the environment, then from the
// configuration file, and checks everything.
func (c *Config) Load(f *pflag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{}
	f.Visit(func(flag *pflag.Flag) { given[flag.Name] = true })
	if v := getenv(variable("config")); v != "" && !given["config"] {
		c.File = v
	}
	settings, err := readFile(c.File)
	if err != nil {
		return err
	}
	var faults []error
	for key := range settings {
		if f.Lookup(key) == nil || key == "config" {
			faults = append(faults, fmt.Errorf("%s: unknown setting %q", c.File, key))
		}
	}
	f.VisitAll(func(flag *pflag.Flag) {
		if given[flag.Name] {
			return
		}
		if v := getenv(variable(flag.Name)); v != "" {
			if err := assign(flag, splitList(flag, v)); err != nil {
				faults = append(faults, fmt.Errorf("%s=%q: %w", variable(flag.Name), v, err))
			}
		} else if values, ok := settings[flag.Name]; ok {
			if err := assign(flag, values); err != nil {
				faults = append(faults, fmt.Errorf("%s: %s: %w", c.File, flag.Name, err))
			}
		}
	})
	return errors.Join(append(faults, c.check())...)
}

func variable(name string) string {
	return Environment + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func splitList(flag *pflag.Flag, v string) []string {
	if flag.Value.Type() == "stringArray" { // its values hold commas
		return strings.Fields(v)
	}
	if _, ok := flag.Value.(pflag.SliceValue); ok {
		return strings.Split(v, ",")
	}
	return []string{v}
}

func assign(flag *pflag.Flag, values []string) error {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return list.Replace(values)
	}
	if len(values) != 1 {
		return errors.New("takes one value")
	}
	return flag.Value.Set(values[0])
}

// readFile reads a configuration file into texts by key.
func readFile(path string) (map[string][]string, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	var raw map[string]any
	if _, err := toml.Decode(string(text), &raw); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	settings := map[string][]string{}
	for key, value := range raw {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, v := range list {
			if _, nested := v.(map[string]any); nested {
				return nil, fmt.Errorf("%s: %s is a table; settings have no tables", path, key)
			}
			settings[key] = append(settings[key], fmt.Sprint(v))
		}
	}
	return settings, nil
}

// check reports every fault of the settings.
func (c *Config) check() error {
	var faults []error
	fault := func(name, format string, args ...any) {
		faults = append(faults, fmt.Errorf("--%s: %s", name, fmt.Sprintf(format, args...)))
	}
	for name, list := range map[string][]string{"api": c.API, "dns": c.DNS, "dot": c.DoT, "resolver": c.Resolvers} {
		for _, address := range list {
			if err := checkAddress(address); err != nil {
				fault(name, "%q: %v", address, err)
			}
		}
	}
	if len(c.API) == 0 && len(c.DNS) == 0 {
		fault("api", "neither an API nor a DNS address is given")
	}
	for name, choice := range map[string]struct {
		value   string
		choices []string
	}{
		"log":        {c.Log, []string{"debug", "info", "warn", "error"}},
		"log-format": {c.LogFormat, []string{"text", "json"}},
		"any":        {c.Any, []string{"minimal", "full", "hinfo"}},
	} {
		if !slices.Contains(choice.choices, choice.value) {
			fault(name, "%q is none of %s", choice.value, strings.Join(choice.choices, ", "))
		}
	}
	c.checkNames(fault)
	c.checkNumbers(fault)
	c.checkRegions(fault)
	return errors.Join(faults...)
}

func (c *Config) checkNames(fault func(name, format string, args ...any)) {
	if len(c.NameServers) == 0 {
		fault("name-server", "a zone needs at least one")
	}
	seen := map[rdata.Name]bool{}
	for _, text := range c.NameServers {
		n, err := rdata.ParseName(text)
		switch {
		case err != nil:
			fault("name-server", "%v", err)
		case seen[n]:
			fault("name-server", "%s is given twice", text)
		}
		seen[n] = true
	}
	if _, err := rdata.ParseName(c.Hostmaster); err != nil {
		fault("hostmaster", "%v", err)
	}
	if len(c.AccountID) != 12 || strings.Trim(c.AccountID, "0123456789") != "" {
		fault("account-id", "%q is not 12 digits", c.AccountID)
	}
	for name, list := range map[string][]string{"checker-ip": c.CheckerIPs, "rrl-exempt": c.RateLimitExempt} {
		for _, text := range list {
			if _, err := netip.ParsePrefix(text); err != nil {
				fault(name, "%q is not a CIDR block", text)
			}
		}
	}
	for name, text := range map[string]string{"cookie-secret": c.CookieSecret, "cookie-secret-previous": c.CookieSecretPrevious} {
		if b, err := hex.DecodeString(text); err != nil || len(b) != 0 && len(b) != 16 {
			fault(name, "is not 32 hexadecimal digits")
		}
	}
}

func (c *Config) checkNumbers(fault func(name, format string, args ...any)) {
	if c.UDPSize < 512 || c.UDPSize > 4096 {
		fault("udp-size", "%d is not within 512 and 4096", c.UDPSize)
	}
	if c.Workers < 0 || c.Workers > 1024 {
		fault("workers", "%d is not within 0 and 1024", c.Workers)
	}
	if c.TCPClients < 1 {
		fault("tcp-clients", "%d is less than 1", c.TCPClients)
	}
	if c.TCPIdle < 100*time.Millisecond {
		fault("tcp-idle", "%s is less than 100ms", c.TCPIdle)
	}
	if c.BlockCache < 1 {
		fault("block-cache", "%d is less than 1", c.BlockCache)
	}
	for name, text := range map[string]string{"nsid": c.NSID, "server-id": c.ServerID, "dns-version": c.DNSVersion} {
		if len(text) > 255 {
			fault(name, "longer than 255 bytes")
		}
	}
	if c.RateLimit < 0 || c.RateLimit > 1_000_000 {
		fault("rrl", "%d is not within 0 and 1000000", c.RateLimit)
	}
	if c.RateLimitSlip < 0 || c.RateLimitSlip > 100 {
		fault("rrl-slip", "%d is not within 0 and 100", c.RateLimitSlip)
	}
	if len(c.DoT) > 0 && (c.DoTCert == "" || c.DoTKey == "") {
		fault("dot", "needs --dot-cert and --dot-key")
	}
	if (c.APITLSCert == "") != (c.APITLSKey == "") {
		fault("api-tls-cert", "certificate and key come together")
	}
}

func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("want ADDRESS:PORT, such as 127.0.0.1:4566 or [::]:53")
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return fmt.Errorf("%q is not an IP address", host)
	}
	if _, err := net.LookupPort("udp", port); err != nil {
		return fmt.Errorf("%q is not a port", port)
	}
	return nil
}
