package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var quiet = slog.New(slog.DiscardHandler)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const secret40 = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	temp := path + ".tmp"
	if err := os.WriteFile(temp, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temp, path); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, text string) (*KeyFile, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	writeFile(t, path, text)
	f, err := OpenKeyFile(path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return f, path
}

func TestCreateKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials")
	if created, err := CreateKeyFile(path, rand.Reader); !created || err != nil {
		t.Fatalf("created %v, %v", created, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	f, err := OpenKeyFile(path, quiet)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := f.Profile("default")
	if !ok || !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(key.ID) || !regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(key.Secret) {
		t.Errorf("key %#v", key)
	}
	if found, ok := f.Lookup(key.ID, start); !ok || found.Secret != key.Secret {
		t.Errorf("lookup: %v, %v", found, ok)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", key, key), key.Secret) {
		t.Error("the secret is printed")
	}
	before, _ := os.ReadFile(path)
	if created, err := CreateKeyFile(path, rand.Reader); created || err != nil {
		t.Errorf("second time: created %v, %v", created, err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("an existing file was changed")
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestCreateKeyFileFails(t *testing.T) {
	directory := t.TempDir()
	broken := errors.New("no randomness")
	if _, err := CreateKeyFile(filepath.Join(directory, "credentials"), iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := CreateKeyFile(filepath.Join(directory, "missing", "credentials"), rand.Reader); err == nil {
		t.Error("created in a directory that is not there")
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestKeysDiffer(t *testing.T) {
	seen := map[string]bool{}
	letters := map[byte]int{}
	for range 500 {
		key, err := NewKey("x", rand.Reader)
		if err != nil || seen[key.ID] || seen[key.Secret] {
			t.Fatalf("%#v, %v", key, err)
		}
		seen[key.ID], seen[key.Secret] = true, true
		for i := range len(key.Secret) {
			letters[key.Secret[i]]++
		}
	}
	for c, n := range letters { // 20,000 letters of 62: 323 each, deviation 18
		if n < 200 || n > 450 {
			t.Errorf("letter %c comes %d times", c, n)
		}
	}
	if _, err := draw(io.LimitReader(rand.Reader, 10), "ab", 1); err == nil {
		t.Error("drew from a short source")
	}
}

func TestParseProfiles(t *testing.T) {
	const text = "# comment\r\n; another\n\n[default]\naws_access_key_id=AKIAADMIN\naws_secret_access_key = " + secret40 + "\nregion = eu-west-1\n" +
		"[ci@build]\n  aws_access_key_id = AKIACI\n  aws_secret_access_key = a/b+c=d==abcdefghijklmnop\nopen53_actions = route53:Get*, route53:List*\naws_account_id = 111122223333\n" +
		"[no-keys]\nregion = x\n"
	got, err := parseProfiles([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Key{
		"AKIAADMIN": {"AKIAADMIN", secret40, "default", []string{"*"}, ""},
		"AKIACI":    {"AKIACI", "a/b+c=d==abcdefghijklmnop", "ci@build", []string{"route53:Get*", "route53:List*"}, "111122223333"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseProfilesRefuses(t *testing.T) {
	pair := func(id, secret string) string {
		return "aws_access_key_id = " + id + "\naws_secret_access_key = " + secret + "\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"setting outside", pair("A", secret40), "line 1"},
		{"no equal sign", "[a]\nfoo\n", "line 2"},
		{"open bracket", "[a\n", "line 1: no profile name"},
		{"empty name", "[]\n", "no profile name"},
		{"slash in name", "[a/b]\n", "no profile name"},
		{"same profile", "[a]\n[a]\n", `profile "a" comes twice`},
		{"no id", "[a]\naws_secret_access_key = " + secret40, "access key id must be"},
		{"bad id", "[a]\n" + pair("A/B", secret40), "access key id must be"},
		{"no secret", "[a]\naws_access_key_id = A\n", "shorter than 16"},
		{"short secret", "[a]\n" + pair("A", "test"), "shorter than 16"},
		{"account", "[a]\n" + pair("A", secret40) + "aws_account_id = 12345\n", "not 12 digits"},
		{"same id", "[a]\n" + pair("A", secret40) + "[b]\n" + pair("A", secret40), `profiles "a" and "b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseProfiles([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), secret40) {
				t.Error("the error tells the secret")
			}
		})
	}
}

func profile(name, id string) string {
	return "[" + name + "]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secret40 + "\n"
}

func TestKeyFileFollowsChanges(t *testing.T) {
	f, path := open(t, profile("default", "AKIAONE"))
	has := func(id string, after time.Duration) bool {
		_, ok := f.Lookup(id, start.Add(after))
		return ok
	}
	if !has("AKIAONE", 0) || has("AKIATWO", 0) {
		t.Fatal("first read")
	}
	writeFile(t, path, profile("default", "AKIAONE")+profile("two", "AKIATWO"))
	if !has("AKIATWO", 100*time.Millisecond) {
		t.Error("a new key is not found soon")
	}
	writeFile(t, path, profile("two", "AKIATWO"))
	if !has("AKIAONE", 200*time.Millisecond) {
		t.Error("the file is looked at on every lookup")
	}
	if has("AKIAONE", 1200*time.Millisecond) {
		t.Error("a removed key still works after a second")
	}

	var log strings.Builder
	f.logger = slog.New(slog.NewTextHandler(&log, nil))
	writeFile(t, path, "broken")
	for i := range 5 {
		if !has("AKIATWO", time.Duration(3+2*i)*time.Second) {
			t.Error("a broken file revokes keys")
		}
	}
	if n := strings.Count(log.String(), "credentials stay as they were"); n != 1 {
		t.Errorf("logged %d times: %s", n, log.String())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if !has("AKIATWO", 20*time.Second) {
		t.Error("a missing file revokes keys")
	}
	writeFile(t, path, profile("three", "AKIATHREE"))
	if !has("AKIATHREE", 22*time.Second) || has("AKIATWO", 22*time.Second) {
		t.Error("the mended file is not read")
	}
}

func TestKeyFileConcurrently(t *testing.T) {
	f, path := open(t, profile("default", "AKIAADMIN"))
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := range 300 {
				if _, ok := f.Lookup("AKIAADMIN", start.Add(time.Duration(i)*time.Second)); !ok {
					t.Error("the admin key was gone for a moment")
				}
				if w == 0 {
					writeFile(t, path, profile("default", "AKIAADMIN")+profile("n", fmt.Sprintf("AKIA%d", i)))
				}
			}
		})
	}
	group.Wait()
}

func TestOpenKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials")
	if _, err := OpenKeyFile(path, quiet); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	writeFile(t, path, "[")
	if _, err := OpenKeyFile(path, quiet); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("broken file: %v", err)
	}
	writeFile(t, path, profile("default", "A"))
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	if _, err := OpenKeyFile(path, slog.New(slog.NewTextHandler(&log, nil))); err != nil || !strings.Contains(log.String(), "read by others") {
		t.Errorf("readable file: %v, %s", err, log.String())
	}
}

func FuzzParseProfiles(f *testing.F) {
	f.Add([]byte(profile("default", "A")))
	f.Add([]byte("[a]\nopen53_actions=*\n#\n[b]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseProfiles(data)
		if err != nil {
			return
		}
		for id, k := range keys {
			if id != k.ID || !validKeyID(id) || !validProfile(k.Profile) || len(k.Secret) < minSecret {
				t.Errorf("%q: %#v", id, k)
			}
		}
	})
}
