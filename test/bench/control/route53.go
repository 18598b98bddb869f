package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"open53/internal/route53api"
	"open53/internal/sigv4"
	"open53/test/bench/internal/apiclient"
	"open53/test/bench/internal/dnsserver"
	"open53/test/bench/internal/process"
)

// all are the servers, in the order of the report.
func (b *bench) all() []*target { return []*target{b.newOpen53(), newMoto(), newPowerDNS()} }

func (b *bench) newOpen53() *target {
	node := func(dir string, at addresses) *dnsserver.Node {
		return &dnsserver.Node{Program: b.open53, Data: filepath.Join(dir, "data"), API: at.api, DNS: at.dns}
	}
	return &target{
		name: "open53",
		settings: "serve with its defaults: signatures verified, each change synced to disk (Pebble) before it is acknowledged; " +
			"zone imported by open53 import through the API",
		version: func(ctx context.Context) (string, error) {
			return dnsserver.Open53().Version(ctx, dnsserver.Programs{Open53: b.open53})
		},
		prepare: func(context.Context, string) error { return nil },
		command: func(dir string, at addresses) process.Spec { return node(dir, at).Spec() },
		connect: func(dir string, at addresses) (api, error) {
			key, err := apiclient.Credentials(node(dir, at).Credentials())
			return connectRoute53(at, key), err
		},
		load: func(ctx context.Context, dir, zoneFile string) (time.Duration, error) {
			var at addresses
			var err error
			if at.api, err = dnsserver.FreeAddress(); err != nil {
				return 0, err
			}
			if at.dns, err = dnsserver.FreeAddress(); err != nil {
				return 0, err
			}
			return node(dir, at).Import(ctx, zoneFile)
		},
	}
}

func newMoto() *target {
	return &target{
		name:     "moto_server",
		settings: "in memory only, signatures not verified; an emulator for tests that serves no DNS",
		version: func(ctx context.Context) (string, error) {
			if _, err := exec.LookPath("moto_server"); err != nil {
				return "", err
			}
			if err := exec.CommandContext(ctx, "moto_server", "-h").Run(); err != nil {
				return "", fmt.Errorf("run moto_server: %w", err)
			}
			out, err := exec.CommandContext(ctx, "python3", "-c", "import moto; print(moto.__version__)").Output()
			if err != nil {
				return "unknown", nil // installed for another Python
			}
			return strings.TrimSpace(string(out)), nil
		},
		prepare: func(context.Context, string) error { return nil },
		command: func(_ string, at addresses) process.Spec {
			return process.Spec{Args: []string{"moto_server", "-H", at.api.Addr().String(), "-p", fmt.Sprint(at.api.Port())}}
		},
		connect: func(_ string, at addresses) (api, error) {
			return connectRoute53(at, sigv4.Credentials{AccessKeyID: "test", SecretAccessKey: "test-test-test-test"}), nil
		},
	}
}

// route53 is the API of open53 and of moto_server.
type route53 struct{ client *route53api.Client }

func connectRoute53(at addresses, credentials sigv4.Credentials) api {
	return &route53{apiclient.New("http://"+at.api.String(), credentials)}
}

func (r *route53) createZone(ctx context.Context, name string) (string, error) {
	out, err := r.client.CreateHostedZone(ctx, &route53api.CreateHostedZoneInput{Name: name, CallerReference: name})
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(out.HostedZone.Id, "/hostedzone/"), nil
}

func (r *route53) upsert(ctx context.Context, zoneID string, records ...record) error {
	changes := make([]route53api.Change, len(records))
	for i, rec := range records {
		changes[i] = apiclient.Upsert(rec.name, rec.address)
	}
	_, err := r.client.ChangeResourceRecordSets(ctx, &route53api.ChangeResourceRecordSetsInput{
		HostedZoneId: zoneID, ChangeBatch: route53api.ChangeBatch{Changes: changes},
	})
	return err
}

func (r *route53) page(ctx context.Context, zoneID, start string) ([]string, error) {
	in := &route53api.ListResourceRecordSetsInput{HostedZoneId: zoneID, MaxItems: new(fmt.Sprint(pageSize))}
	if start != "" {
		in.StartRecordName = &start
	}
	out, err := r.client.ListResourceRecordSets(ctx, in)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(out.ResourceRecordSets))
	for i := range out.ResourceRecordSets {
		names[i] = out.ResourceRecordSets[i].Name
	}
	return names, nil
}

func (r *route53) find(ctx context.Context, name string) (string, error) {
	out, err := r.client.ListHostedZonesByName(ctx, &route53api.ListHostedZonesByNameInput{DNSName: &name})
	if err != nil {
		return "", err
	}
	if len(out.HostedZones) == 0 || out.HostedZones[0].Name != name {
		return "", fmt.Errorf("there is no zone %s", name)
	}
	return strings.TrimPrefix(out.HostedZones[0].Id, "/hostedzone/"), nil
}
