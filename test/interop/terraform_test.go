package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/google/go-cmp/cmp"

	"open53/test/interop/server"
)

// mirrorVariables name the directory of a Terraform filesystem mirror: the one
// that holds registry.terraform.io/hashicorp/aws/VERSION/OS_ARCH/.
var mirrorVariables = []string{"OPEN53_TF_MIRROR", "TF_PLUGIN_MIRROR"}

// configuredDirectory finds the directories of plugins in Terraform's own
// configuration: filesystem_mirror { path = "…" } and plugin_cache_dir = "…".
var configuredDirectory = regexp.MustCompile(`(?m)(?:^|[{\s])(?:path|plugin_cache_dir)\s*=\s*"([^"]+)"`)

// terraformMirror finds the AWS provider where the environment says, where
// Terraform is configured to look, or where it looks by itself.
func terraformMirror() string {
	home, _ := os.UserHomeDir() // without one those below it are left out
	var candidates []string
	for _, name := range append(slices.Clone(mirrorVariables), "TF_PLUGIN_CACHE_DIR") {
		candidates = append(candidates, os.Getenv(name))
	}
	for _, file := range []string{os.Getenv("TF_CLI_CONFIG_FILE"), filepath.Join(home, ".terraformrc")} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, found := range configuredDirectory.FindAllStringSubmatch(string(text), -1) {
			candidates = append(candidates, strings.Replace(os.ExpandEnv(found[1]), "~", home, 1))
		}
	}
	candidates = append(candidates, filepath.Join(home, ".terraform.d/plugins"), filepath.Join(home, ".terraform.d/plugin-cache"))
	shared := append([]string{os.Getenv("XDG_DATA_HOME"), filepath.Join(home, ".local/share")}, filepath.SplitList(os.Getenv("XDG_DATA_DIRS"))...)
	for _, dir := range append(shared, "/usr/local/share", "/usr/share", filepath.Join(home, "Library/Application Support/io.terraform")) {
		leaf := "terraform/plugins"
		if strings.HasSuffix(dir, "io.terraform") { // macOS
			leaf = "plugins"
		}
		candidates = append(candidates, filepath.Join(dir, leaf))
	}
	for _, dir := range candidates {
		if !filepath.IsAbs(dir) {
			continue
		}
		if found, err := filepath.Glob(filepath.Join(dir, "registry.terraform.io/hashicorp/aws/*")); err == nil && len(found) > 0 {
			return dir
		}
	}
	return ""
}

// TestTerraformMirror: a mirror is found by a variable, by Terraform's
// configuration, and where Terraform looks by itself.
func TestTerraformMirror(t *testing.T) {
	mirror := func() string {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "registry.terraform.io/hashicorp/aws/5.0.0"), 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	home := t.TempDir()
	for _, name := range append(slices.Clone(mirrorVariables), "TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE", "XDG_DATA_HOME", "XDG_DATA_DIRS") {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	find := func(want string) {
		t.Helper()
		if got := terraformMirror(); got != want {
			t.Errorf("found %s, want %s", got, want)
		}
	}
	data := t.TempDir()
	shared := filepath.Join(data, "terraform/plugins")
	if err := os.MkdirAll(filepath.Join(shared, "registry.terraform.io/hashicorp/aws/5.0.0"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_DATA_HOME", data)
	find(shared)
	configured := mirror()
	rc := "plugin_cache_dir = \"" + home + "\"\nprovider_installation {\n  filesystem_mirror { path = \"" + configured + "\" }\n}\n"
	if err := os.WriteFile(filepath.Join(home, ".terraformrc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	find(configured)
	named := mirror()
	t.Setenv(mirrorVariables[0], named)
	find(named)
}

// terraform runs Terraform in a directory of the test's.
type terraform struct {
	t   *testing.T
	c   client
	dir string
}

// newTerraform prepares the configuration that is the file of testdata.
func newTerraform(t *testing.T, s *server.Server, mirror, file string) terraform {
	t.Helper()
	dir := t.TempDir()
	config, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.tf": string(config),
		"rc":      "provider_installation {\n  filesystem_mirror { path = \"" + mirror + "\" }\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(s.Env(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "rc"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0")
	return terraform{t, client{dir: dir, env: env}, dir}
}

// run fails the test unless Terraform ends with the exit code.
func (f terraform) run(want int, args ...string) string {
	f.t.Helper()
	f.c.command = append([]string{"terraform"}, args...)
	f.c.command = append(f.c.command, "-no-color")
	out, errs, exit := f.c.run(f.t)
	if exit != want {
		f.t.Fatalf("terraform %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), exit, want, out, errs)
	}
	return out
}

// TestTerraform applies testdata/terraform, finds nothing to change, notices
// what somebody else changes, and destroys it all. Terraform and its provider
// for AWS have to be there already (mirrorVariables). The provider waits 15 s
// and more for each round of changes, so this test sleeps most of its minute.
func TestTerraform(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	need(t, "terraform")
	need(t, "dig")
	mirror := terraformMirror()
	if mirror == "" {
		t.Skipf("Terraform's provider for AWS is nowhere: no package registry has it; $%s may name a mirror of plugins", mirrorVariables[0])
	}
	s := server.Start(t, server.Options{Verb: "serve"})
	f := newTerraform(t, s, mirror, "terraform/main.tf")
	f.run(0, "init")
	// defect: force_destroy needs GetDNSSEC, which is not built.
	settings := []string{"-auto-approve", "-parallelism=60", "-var=force_destroy=false"}
	f.run(0, append([]string{"apply"}, settings...)...)
	if diff := cmp.Diff([]string{"192.0.2.1", "192.0.2.2"}, dig(t, s, "a.tf.example", "A")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"192.0.2.77"}, dig(t, s, "www.sub.tf.example", "A")); diff != "" {
		t.Error(diff)
	}
	plan := []string{"plan", "-detailed-exitcode", "-var=force_destroy=false"}
	f.run(0, plan...)

	c := newSDK(t, s)
	zones, err := c.ListHostedZonesByName(t.Context(), &route53.ListHostedZonesByNameInput{DNSName: aws.String("tf.example"), MaxItems: aws.Int32(1)})
	if err != nil || len(zones.HostedZones) != 1 {
		t.Fatalf("zone: %v %v", err, zones)
	}
	c.change(*zones.HostedZones[0].Id, simple("UPSERT", "aaaa.tf.example", "AAAA", 61, "2001:db8::2"))
	const planned = 2 // Terraform's exit code for "there is something to do"
	if out := f.run(planned, plan...); !strings.Contains(out, `aws_route53_record.simple["aaaa AAAA"] will be updated in-place`) || !strings.Contains(out, "0 to add, 1 to change, 0 to destroy") {
		t.Errorf("plan after a change: %s", out)
	}
	f.run(0, append([]string{"destroy"}, settings...)...)
	state := s.State(t)
	if len(state.Zones) != 0 || len(state.Sets) != 0 {
		t.Errorf("left after destroy: %s", state)
	}
}
