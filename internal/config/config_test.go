package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func load(t *testing.T, args []string, env map[string]string, file string) (*Config, error) {
	t.Helper()
	c := &Config{}
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	c.Register(f, false)
	if file != "" {
		path := filepath.Join(t.TempDir(), "open53.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c, c.Load(f, func(name string) string { return env[name] })
}

// TestPrecedence: flag before environment before file before default.
func TestPrecedence(t *testing.T) {
	c, err := load(t, []string{"--dns", "127.0.0.1:1", "--dns", "127.0.0.1:2"},
		map[string]string{"OPEN53_DNS": "127.0.0.1:3", "OPEN53_API": "127.0.0.1:4,[::1]:4", "OPEN53_STRICT": "true"},
		"api = '127.0.0.1:5'\nstrict = false\nudp-size = 1400\nname-server = ['a.example.', 'b.example.']\ntcp-idle = '3s'\n")
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.DNS, c.API, c.Strict, c.UDPSize, c.NameServers, c.TCPIdle.String(), c.Any}
	want := []any{
		[]string{"127.0.0.1:1", "127.0.0.1:2"},
		[]string{"127.0.0.1:4", "[::1]:4"},
		true, 1400,
		[]string{"a.example.", "b.example."},
		"3s", "minimal",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFaults(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		env  map[string]string
		file string
		want string
	}{
		"host name":       {args: []string{"--dns", "localhost:53"}, want: `--dns: "localhost:53": "localhost" is not an IP address`},
		"no port":         {args: []string{"--api", "127.0.0.1"}, want: "want ADDRESS:PORT"},
		"choice":          {args: []string{"--any", "some"}, want: `--any: "some" is none of minimal, full, hinfo`},
		"range":           {args: []string{"--udp-size", "100"}, want: "--udp-size: 100 is not within 512 and 4096"},
		"account":         {args: []string{"--account-id", "12"}, want: `--account-id: "12" is not 12 digits`},
		"name server":     {args: []string{"--name-server", "a..b"}, want: "--name-server: FATAL problem: DomainLabelEmpty"},
		"twice":           {args: []string{"--name-server", "a.b,A.b."}, want: "A.b. is given twice"},
		"environment":     {env: map[string]string{"OPEN53_UDP_SIZE": "many"}, want: `OPEN53_UDP_SIZE="many": `},
		"unknown key":     {file: "dnss = '127.0.0.1:53'\n", want: `unknown setting "dnss"`},
		"broken file":     {file: "dns = \n", want: "open53.toml: toml: line 1"},
		"table":           {file: "[dns]\naddress = 1\n", want: "dns is a table"},
		"half of the TLS": {args: []string{"--api-tls-cert", "x"}, want: "certificate and key come together"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, test.args, test.env, test.file)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if _, err := load(t, []string{"--config", "/does/not/exist"}, nil, ""); err == nil {
		t.Error("a missing file was accepted")
	}
}

func TestAlarmWebhooks(t *testing.T) {
	const arn = "arn:aws:sns:us-east-1:000000000000:ops"
	c := Config{AlarmWebhooks: []string{arn + "=https://a.example/hook?key=a=b", "arn:x=http://127.0.0.1:1"}}
	got, err := c.Webhooks()
	if err != nil || len(got) != 2 || got[arn] != "https://a.example/hook?key=a=b" {
		t.Errorf("%v %v", got, err)
	}
	for _, text := range []string{"", arn, arn + "=", arn + "=ftp://a.example/", "ops=https://a.example/", arn + "=https://"} {
		c.AlarmWebhooks = []string{text}
		if _, err := c.Webhooks(); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
