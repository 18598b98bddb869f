package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"open53/internal/access"
	"open53/internal/cloudwatch"
	"open53/internal/config"
	"open53/internal/dnsio"
	"open53/internal/geo/mmdb"
	"open53/internal/httpserver"
	"open53/internal/metricstore"
	"open53/internal/nameserver"
	"open53/internal/outside"
	"open53/internal/policy"
	"open53/internal/prober"
	"open53/internal/replica"
	"open53/internal/store"
	"open53/internal/store/memory"
	"open53/internal/store/pebble"
	"open53/internal/telemetry"
	"open53/internal/zonedb"
)

// node is one server: what newNode wires together and run runs.
//
//	http ─▶ route53 ─▶ store ─▶ replica ─▶ zonedb ◀─ nameserver ◀─ dns
type node struct {
	log      *slog.Logger
	store    store.Store
	db       *zonedb.DB
	replica  *replica.Replica
	outside  *outside.Resolver
	answers  *nameserver.Group
	world    policy.World // what answers depend on besides the zones
	geo      *mmdb.Follower
	geoReady chan struct{} // is closed when the databases were read, in run; nil if they were before
	dns      *dnsio.Server
	http     *httpserver.Server
	metrics  *metricstore.Store  // of the CloudWatch API
	alarms   *cloudwatch.Service // and that API
	stopping atomic.Bool

	prober        *prober.Prober
	probeDelay    telemetry.Histogram
	checkerRegion string // that measurements are from
}

// newNode opens the store, loads every zone and binds all sockets. It serves
// nothing before run.
func newNode(ctx context.Context, c *config.Config, auth *access.Authenticator, dev bool, log *slog.Logger) (_ *node, err error) {
	n := &node{log: log}
	n.probeDelay = telemetry.NewHistogram("open53_health_probe_delay_seconds", "How long after it was due a health check probe began.", 0.001, 14)
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if n.store, err = openStore(c, log); err != nil {
		return nil, err
	}
	if err = n.newWorld(c); err != nil {
		return nil, err
	}
	n.db = zonedb.NewIn(n.world)
	db := n.db
	n.replica = replica.New(n.store, db, n.component("replica"))
	n.followEntities()
	if n.outside, err = outside.New(db.Outside(), c.Resolvers, n.component("outside")); err != nil {
		return nil, err
	}
	n.answers = nameserver.NewGroup(db, answerConfig(c), randomSeed)
	if err = n.openCloudWatch(c); err != nil {
		return nil, err
	}
	if err = n.newProber(ctx, c); err != nil {
		return nil, err
	}
	begin := time.Now()
	if err = n.replica.Load(ctx); err != nil {
		return nil, err
	}
	log.Info("zones loaded", "zones", db.Snapshot().Zones(), "elapsed", time.Since(begin).Round(time.Millisecond))
	if err = n.locate(c, dev); err != nil {
		return nil, err
	}
	if n.dns, err = listenDNS(c, n.answers, n.component("dns")); err != nil {
		return nil, err
	}
	if n.http, err = n.newHTTP(c, auth, dev, db); err != nil {
		return nil, err
	}
	return n, n.http.Listen()
}

func (n *node) component(name string) *slog.Logger { return n.log.With(telemetry.KeyComponent, name) }

func openStore(c *config.Config, log *slog.Logger) (store.Store, error) {
	if c.Data == "" {
		return memory.Open()
	}
	s, err := pebble.Open(filepath.Join(c.Data, "store"), pebble.Options{
		CacheBytes: int64(c.BlockCache) << 20,
		Logger:     log.With(telemetry.KeyComponent, "store"),
	})
	if err != nil {
		return nil, err // and not an interface that holds a nil store
	}
	return s, nil
}

func answerConfig(c *config.Config) *nameserver.Config {
	answers := &nameserver.Config{
		UDPSize: c.UDPSize, NSID: []byte(c.NSID), Version: c.DNSVersion, ID: c.ServerID, AuthorityNS: c.AuthorityNS, StickyPrefix: c.StickyPrefix,
		Any:     map[string]nameserver.AnyMode{"minimal": nameserver.AnyMinimal, "full": nameserver.AnyFull, "hinfo": nameserver.AnyHINFO}[c.Any],
		TCPIdle: uint16(min(c.TCPIdle/(100*time.Millisecond), math.MaxUint16)),
		Now:     func() int64 { return time.Now().UnixMilli() },
		Cookies: nameserver.Cookies{Enabled: c.Cookies, Require: c.CookieRequire},
		RateLimit: nameserver.RateLimit{
			PerSecond: c.RateLimit, Slip: c.RateLimitSlip, Workers: cmp.Or(c.Workers, runtime.GOMAXPROCS(0)),
		},
	}
	for _, text := range c.RateLimitExempt {
		answers.RateLimit.Exempt = append(answers.RateLimit.Exempt, netip.MustParsePrefix(text)) // config has checked it
	}
	secret, _ := hex.DecodeString(c.CookieSecret)
	if len(secret) == 0 {
		secret = make([]byte, 16)
		_, _ = rand.Read(secret) // never fails
	}
	previous, _ := hex.DecodeString(c.CookieSecretPrevious)
	copy(answers.Cookies.Secret[:], secret)
	copy(answers.Cookies.Previous[:], previous)
	return answers
}

func randomSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

func listenDNS(c *config.Config, answers *nameserver.Group, log *slog.Logger) (*dnsio.Server, error) {
	return dnsio.Listen(dnsio.Config{
		Listen: c.DNS, Workers: c.Workers, Portable: c.PortableIO, Steer: c.Steer, MaxUDP: c.UDPSize, Log: log,
		TLS: c.DoT, TLSCert: c.DoTCert, TLSKey: c.DoTKey,
		TCP: dnsio.TCPLimits{Connections: c.TCPClients, Idle: c.TCPIdle},
	}, func() dnsio.Handler { return answers.New() })
}

func (n *node) apiAddrs() []string {
	var addrs []string
	for _, a := range n.http.Addrs() {
		addrs = append(addrs, a.String())
	}
	return addrs
}

func (n *node) dnsAddrs() []string {
	return addrTexts(n.dns.Addrs())
}

func addrTexts(addrs []netip.AddrPort) []string {
	texts := make([]string, 0, len(addrs))
	for _, a := range addrs {
		texts = append(texts, a.String())
	}
	return texts
}

// writeReadyFile tells a waiting script where the server listens.
func (n *node) writeReadyFile(path string) error {
	if path == "" {
		return nil
	}
	text, err := json.Marshal(map[string][]string{"api": n.apiAddrs(), "dns": n.dnsAddrs(), "dot": addrTexts(n.dns.TLSAddrs())})
	if err != nil {
		return err
	}
	temp := path + ".tmp"
	if err := os.WriteFile(temp, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return os.Rename(temp, path)
}

// run serves until ctx ends or a part fails. Answers go on until the requests
// that are being served have ended.
func (n *node) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { return n.replica.Run(serving) })
	group.Go(func() error { return n.outside.Run(serving) })
	group.Go(func() error { return n.followGeo(serving) })
	group.Go(func() error { return n.dns.Run(serving) })
	group.Go(func() error { return n.prober.Run(serving) })
	context.AfterFunc(ctx, n.prober.EndWatches)
	group.Go(func() error { return n.metrics.Run(serving) })
	group.Go(func() error { return n.countQueries(serving) })
	group.Go(func() error { return n.alarms.Run(serving) })
	group.Go(func() error {
		defer stop()
		defer n.stopping.Store(true)
		return n.http.Run(ctx)
	})
	return group.Wait()
}

// close lets go of what run does not close.
func (n *node) close() error {
	if n.dns != nil {
		n.dns.Close()
	}
	if n.metrics != nil {
		if err := n.metrics.Close(); err != nil {
			n.log.Error("close metrics", telemetry.KeyError, err)
		}
	}
	if n.store == nil {
		return nil
	}
	if err := n.store.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}
