package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"open53/internal/access"
	"open53/internal/config"
	"open53/internal/httpserver"
	"open53/internal/telemetry"
)

func newServeCommand() *cobra.Command {
	c := &config.Config{}
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run the server",
		GroupID: "server",
		Long: `Run the server: the Route 53 API over HTTP, DNS over UDP and TCP. Zones are kept
in the data directory; its first start makes an admin key there. Each flag can
also be set as OPEN53_… in the environment or as a key of the --config file.`,
		Example: `  open53 serve
  open53 serve --dns 0.0.0.0:53 --dns [::]:53 --data /var/lib/open53
  open53 serve --config /etc/open53.toml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.Load(cmd.Flags(), os.Getenv); err != nil {
				return &usageError{err}
			}
			if c.Data == "" {
				return &usageError{errors.New("--data: serve keeps zones on disk and needs a directory (open53 dev does without)")}
			}
			return serve(cmd.Context(), cmd, c, false)
		},
	}
	c.Register(cmd.Flags(), false)
	return cmd
}

func newDevCommand() *cobra.Command {
	c := &config.Config{}
	cmd := &cobra.Command{
		Use:     "dev",
		Short:   "Run a throw-away server for a laptop or CI",
		GroupID: "server",
		Long: `Run the server for development and tests: on loopback only, with any credentials
accepted, zones in memory unless --data is given.`,
		Example: `  open53 dev
  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x
  aws route53 list-hosted-zones`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.Load(cmd.Flags(), os.Getenv); err != nil {
				return &usageError{err}
			}
			if !c.AllowRemote {
				for name, addresses := range map[string][]string{"api": c.API, "dns": c.DNS, "dot": c.DoT} {
					if err := httpserver.CheckLoopback(addresses); err != nil {
						return &usageError{fmt.Errorf("--%s: %w; dev lets everyone in: use serve, or --dangerously-allow-remote", name, err)}
					}
				}
			}
			return serve(cmd.Context(), cmd, c, true)
		},
	}
	c.Register(cmd.Flags(), true)
	return cmd
}

// serve runs a node until ctx ends.
func serve(ctx context.Context, cmd *cobra.Command, c *config.Config, dev bool) error {
	log := telemetry.NewLogger(cmd.ErrOrStderr(), c.Log, c.LogFormat)
	auth, key, err := newAuthenticator(c, dev, log)
	if err != nil {
		return err
	}
	n, err := newNode(ctx, c, auth, dev, log)
	if err != nil {
		return err
	}
	log.Info("serving", "version", version, "api", joinAddrs(n.apiAddrs()), "dns", joinAddrs(n.dnsAddrs()), "data", c.Data)
	if err := n.writeReadyFile(c.ReadyFile); err != nil {
		return errors.Join(err, n.close())
	}
	if !strings.EqualFold(c.LogFormat, "json") {
		printNextSteps(cmd, c, n, key)
	}
	err = errors.Join(n.run(ctx), n.close())
	log.Info("stopped")
	return err
}

// newAuthenticator opens the keys, making the admin's on the first start.
func newAuthenticator(c *config.Config, dev bool, log *slog.Logger) (*access.Authenticator, access.Key, error) {
	if dev {
		key := access.Key{ID: "test", Secret: "test"}
		return access.New(access.Options{Mode: access.Any, AccountID: c.AccountID}), key, nil
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, access.Key{}, fmt.Errorf("make data directory: %w", err)
	}
	path := filepath.Join(c.Data, "credentials")
	if _, err := access.CreateKeyFile(path, rand.Reader); err != nil {
		return nil, access.Key{}, err
	}
	keys, err := access.OpenKeyFile(path, log.With(telemetry.KeyComponent, "access"))
	if err != nil {
		return nil, access.Key{}, err
	}
	key, _ := keys.Profile("default")
	return access.New(access.Options{Mode: access.Strict, AccountID: c.AccountID, Keys: keys}), key, nil
}

// printNextSteps shows a newcomer what to type.
func printNextSteps(cmd *cobra.Command, c *config.Config, n *node, key access.Key) {
	if len(n.apiAddrs()) == 0 || len(n.dnsAddrs()) == 0 {
		return
	}
	scheme := "http"
	if c.APITLSCert != "" {
		scheme = "https"
	}
	dnsHost, dnsPort, err := net.SplitHostPort(reachable(n.dnsAddrs()[0]))
	if err != nil {
		return
	}
	credentials := fmt.Sprintf("export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s", key.ID, key.Secret)
	if c.Data != "" && key.ID != "test" {
		credentials = fmt.Sprintf("export AWS_SHARED_CREDENTIALS_FILE=%s", absolute(filepath.Join(c.Data, "credentials")))
	}
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), `
Type in another terminal (aws is the AWS CLI; open53 has the same verbs, see open53 --help):

  export AWS_ENDPOINT_URL=%s://%s AWS_DEFAULT_REGION=us-east-1; %s
  Z=$(aws route53 create-hosted-zone --name example.com --caller-reference $RANDOM --query HostedZone.Id --output text)
  aws route53 change-resource-record-sets --hosted-zone-id $Z --change-batch '{"Changes":[{"Action":"CREATE","ResourceRecordSet":{"Name":"www.example.com","Type":"A","TTL":60,"ResourceRecords":[{"Value":"192.0.2.1"}]}}]}'
  dig @%s -p %s www.example.com

`, scheme, reachable(n.apiAddrs()[0]), credentials, dnsHost, dnsPort)
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// reachable is an address that a client on this machine can use.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	switch ip := net.ParseIP(host); {
	case ip == nil:
	case ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

func joinAddrs(addrs []string) string { return strings.Join(addrs, " ") }
