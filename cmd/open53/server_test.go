package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/pflag"

	"open53/internal/access"
	"open53/internal/config"
)

// startNode runs a server as `open53 dev` would, in this process, and returns
// its URL.
func startNode(t *testing.T) string {
	t.Helper()
	var c config.Config
	flags := pflag.NewFlagSet("dev", pflag.ContinueOnError)
	c.Register(flags, true)
	if err := flags.Parse([]string{"--api", "127.0.0.1:0", "--dns", "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Load(flags, func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	auth := access.New(access.Options{Mode: access.Any})
	n, err := newNode(ctx, &c, auth, true, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(n.run(ctx), n.close()) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + n.apiAddrs()[0]
}

// relay is a server before another one. see looks at each request and may
// answer it, in which case it returns true. Calls of see do not overlap.
func relay(t *testing.T, target string, see func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }, FlushInterval: -1, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	var mu sync.Mutex
	looked := func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock() // see may panic to cut the connection
		return see(w, r)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !looked(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// isChange reports whether a request is ChangeResourceRecordSets.
func isChange(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/rrset")
}

// answerError writes an error document of the API.
func answerError(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>"+code+"</Code><Message>"+message+"</Message></Error></ErrorResponse>")
}

// result is what a command line did.
type result struct {
	out, err string
	code     int
}

// cli runs a command line against the server at endpoint, away from the
// configuration of this machine.
func cli(t *testing.T, endpoint string, args ...string) result {
	t.Helper()
	return cliWith(t.Context(), t, nil, endpoint, args...)
}

func cliWith(ctx context.Context, t *testing.T, in io.Reader, endpoint string, args ...string) result {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "HOME": "/nowhere", "OPEN53_DATA": "/nowhere", "AWS_PROFILE": "", "AWS_ENDPOINT_URL_ROUTE_53": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
	} {
		t.Setenv(name, value)
	}
	var out, errs bytes.Buffer
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	if in == nil {
		in = strings.NewReader("")
	}
	root.SetIn(in)
	r := result{}
	if err := root.ExecuteContext(ctx); err != nil {
		r.code = exitCode(err)
		errs.WriteString("open53: " + err.Error() + "\n")
	}
	r.out, r.err = out.String(), errs.String()
	return r
}

// must fails the test unless the command succeeded.
func (r result) must(t *testing.T) result {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	return r
}

// fails checks exit code and error.
func (r result) fails(t *testing.T, code int, want string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.err, want) {
		t.Errorf("exit code %d, want %d; error:\n%swant:\n%s", r.code, code, r.err, want)
	}
}

// file writes a file and returns its path.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
