package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"
)

var rewrite = flag.Bool("rewrite", false, "write what the commands print into the scripts' files")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"open53": main})
}

// TestScripts runs testdata/*.txtar: the real binary against real servers.
// Beyond testscript's own commands there are
//
//	server dev [FLAG...]        start `open53 dev` on free ports, set AWS_ENDPOINT_URL and DNS
//	server serve DIR [FLAG...]  the same for `open53 serve --data DIR`
//	server stop                 end the server that was started last
//	query NAME TYPE             print what DNS answers: rcode, then one record a line
//	lines FILE MOST             fail if a file has more lines than MOST, or one of more than 110 characters
//	matches FILE                fail if the last output is not all of the pattern in FILE
//	mmdb FILE NETWORK=COUNTRY,LATITUDE,LONGITUDE…
//	                            write a database of positions
//	capture NAME REGEXP         set the variable NAME to the word behind REGEXP in the last output
func TestScripts(t *testing.T) {
	testscript.Run(t, scriptParams("testdata"))
}

func scriptParams(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		UpdateScripts:       *rewrite,
		Setup: func(env *testscript.Env) error {
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Setenv("GORACE", "atexit_sleep_ms=10") // not a second for each command
			env.Values[serversKey{}] = &servers{}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"server": serverCommand, "query": queryCommand, "lines": linesCommand, "capture": captureCommand,
			"matches": matchesCommand,
			"mmdb":    mmdbCommand,
		},
	}
}

type serversKey struct{}

// servers are those of one script; the last one started is the last.
type servers struct {
	running []*exec.Cmd
	number  int
}

func serverCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: server dev|serve|stop")
	}
	all := ts.Value(serversKey{}).(*servers)
	if args[0] == "stop" {
		last := len(all.running) - 1
		stopServer(ts, all.running[last])
		all.running = all.running[:last]
		return
	}
	all.number++
	ready := ts.MkAbs(fmt.Sprintf("ready%d", all.number))
	flags := []string{args[0], "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--ready-file", ready, "--log-format", "json"}
	rest := args[1:]
	if args[0] == "serve" {
		flags = append(flags, "--data", ts.MkAbs(rest[0]))
		rest = rest[1:]
	}
	cmd := exec.Command(findCommand(ts, "open53"), append(flags, rest...)...)
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"))
	log, err := os.Create(ready + ".log")
	ts.Check(err)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, ts.MkAbs(".")
	ts.Check(cmd.Start())
	ts.Check(log.Close())
	all.running = append(all.running, cmd)
	if all.number == 1 {
		ts.Defer(func() {
			for _, cmd := range all.running {
				_ = cmd.Process.Kill() // the script is over
				_ = cmd.Wait()
			}
		})
	}
	awaitServer(ts, ready)
}

// findCommand finds the binary that testscript has put into the path.
func findCommand(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	ts.Fatalf("there is no command %s", name)
	return ""
}

func awaitServer(ts *testscript.TestScript, ready string) {
	for range 500 {
		text, err := os.ReadFile(ready)
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		var at struct{ API, DNS []string }
		ts.Check(json.Unmarshal(text, &at))
		ts.Setenv("AWS_ENDPOINT_URL", "http://"+at.API[0])
		ts.Setenv("DNS", at.DNS[0])
		return
	}
	ts.Fatalf("the server does not get ready:\n%s", ts.ReadFile(ready+".log"))
}

func stopServer(ts *testscript.TestScript, cmd *exec.Cmd) {
	ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	ts.Check(cmd.Wait())
}

func queryCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: query NAME TYPE")
	}
	m := new(dns.Msg).SetQuestion(dns.Fqdn(args[0]), dns.StringToType[args[1]])
	c := dns.Client{Net: "tcp", Timeout: 5 * time.Second}
	r, _, err := c.Exchange(m, ts.Getenv("DNS"))
	ts.Check(err)
	_, _ = fmt.Fprintln(ts.Stdout(), dns.RcodeToString[r.Rcode])
	for _, rr := range r.Answer {
		_, _ = fmt.Fprintln(ts.Stdout(), rr)
	}
}

func linesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE MOST")
	}
	most, err := strconv.Atoi(args[1])
	ts.Check(err)
	n := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if n++; len([]rune(line)) > 111 {
			ts.Fatalf("line %d of %s is too long: %s", n, args[0], line)
		}
	}
	if n == 0 || n > most {
		ts.Fatalf("%s has %d lines, not 1 to %d", args[0], n, most)
	}
}

func captureCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME TEXT")
	}
	_, after, found := strings.Cut(ts.ReadFile("stdout"), args[1])
	fields := strings.Fields(after)
	if !found || len(fields) == 0 {
		ts.Fatalf("there is no word behind %q", args[1])
	}
	ts.Setenv(args[0], strings.Trim(fields[0], `",();`))
}
