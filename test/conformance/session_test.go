package conformance

import (
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/txtar"

	"open53/internal/dnstest"
	"open53/test/interop/server"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// rewriting reports the flag -rewrite, which dnstest has.
func rewriting() bool {
	f := flag.Lookup("rewrite")
	return f != nil && f.Value.String() == "true"
}

func TestSessions(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			n := session{t: t, s: server.Start(t, server.Options{})}
			for i := 0; i < len(archive.Files); i++ {
				member := archive.Files[i]
				result, got := n.step(member)
				given := ""
				if i+1 < len(archive.Files) && archive.Files[i+1].Name == result {
					i++
					given = string(archive.Files[i].Data)
				} else { // a request that is new
					archive.Files = append(archive.Files[:i+1], append([]txtar.File{{Name: result}}, archive.Files[i+1:]...)...)
					i++
				}
				archive.Files[i].Data = []byte(got)
				if diff := cmp.Diff(given, got); diff != "" && !rewriting() {
					t.Errorf("%s\n%s", firstLine(member.Data), diff)
				}
			}
			if rewriting() {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// session is a conversation with one server.
type session struct {
	t   *testing.T
	s   *server.Server
	ids server.IDs
}

// step takes one member that asks for something, and returns the name and the
// text of the one that follows it.
func (n *session) step(member txtar.File) (name, text string) {
	n.t.Helper()
	n.s.Settle(n.t) // so that changes are in sync, and DNS is up to date
	switch member.Name {
	case "request":
		return "response", n.request(n.ids.Long(string(member.Data)))
	case "query":
		return "answer", n.query(strings.TrimSpace(string(member.Data)))
	}
	n.t.Fatalf("member %s: neither request nor query", member.Name)
	return "", ""
}

// authorization is good for a server that asks for no proof.
const authorization = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/route53/aws4_request, SignedHeaders=host;x-amz-date, Signature=0\r\n" +
	"X-Amz-Date: 20260101T000000Z\r\n"

// request sends a request and returns all that comes back. A request with an
// Authorization of its own, be it empty, is sent with that one.
func (n *session) request(text string) string {
	n.t.Helper()
	head, body, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n\n")
	line, headers, _ := strings.Cut(head, "\n")
	var wire strings.Builder
	wire.WriteString(line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
	if !strings.Contains(headers, "Authorization:") {
		wire.WriteString(authorization)
	}
	for header := range strings.SplitSeq(headers, "\n") {
		if header != "" && header != "Authorization:" {
			wire.WriteString(header + "\r\n")
		}
	}
	if body != "" {
		wire.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	wire.WriteString("\r\n" + body)

	conn, err := net.Dial("tcp", strings.TrimPrefix(n.s.API, "http://"))
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, wire.String()); err != nil {
		n.t.Fatal(err)
	}
	response, err := io.ReadAll(conn)
	if err != nil {
		n.t.Fatal(err)
	}
	return n.normal(string(response))
}

var (
	dateHeader = regexp.MustCompile(`(?m)^Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} [0-9:]{8} GMT$`)
	nextToken  = regexp.MustCompile(`<NextToken>[A-Za-z0-9_-]+</NextToken>`)
)

// normal is a response as sessions show it.
func (n *session) normal(response string) string {
	text := strings.ReplaceAll(response, "\r\n", "\n")
	text = dateHeader.ReplaceAllString(text, "Date: DATE")
	text = nextToken.ReplaceAllString(text, "<NextToken>TOKEN</NextToken>")
	text = strings.ReplaceAll(text, "><", ">\n<")
	text = n.ids.Short(text)
	if !strings.HasSuffix(text, "\n") { // a txtar member ends with a line
		text += "\n"
	}
	return text
}

// query asks DNS.
func (n *session) query(command string) string {
	n.t.Helper()
	m, tcp := dnstest.Query(n.t, "query "+command)
	network := "udp"
	if tcp {
		network = "tcp"
	}
	r, _, err := (&dns.Client{Net: network, Timeout: 5 * time.Second, UDPSize: 4096}).Exchange(m, n.s.DNS)
	if err != nil {
		n.t.Fatal(err)
	}
	return dnstest.Print(r)
}
