package dnstest

import (
	"flag"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expected output of golden files")

// Block is one command of a golden file.
type Block struct {
	Comment string // lines above, each beginning with #
	Command string // first line
	Input   string // the lines up to ----
	Want    string // the lines behind ----
}

// RunGolden runs every file that matches pattern: each block is given to the
// function that newRun made for the file, and its result compared.
func RunGolden(t *testing.T, pattern string, newRun func(t *testing.T) func(b Block) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files match %q", pattern)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			run := newRun(t)
			var out strings.Builder
			for i, b := range parseBlocks(t, string(text)) {
				got := run(b)
				if i > 0 {
					out.WriteString("\n")
				}
				out.WriteString(b.Comment + b.Command + "\n" + b.Input + "----\n" + got)
				if !*rewrite && got != b.Want {
					t.Errorf("%s\n%s", b.Command, cmp.Diff(b.Want, got))
				}
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func parseBlocks(t *testing.T, text string) []Block {
	t.Helper()
	var blocks []Block
	comment := ""
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" || strings.HasPrefix(lines[i], "#") {
			if comment += lines[i] + "\n"; lines[i] == "" {
				comment = strings.TrimPrefix(comment, "\n")
			}
			continue
		}
		b := Block{Comment: comment, Command: lines[i]}
		comment = ""
		for i++; i < len(lines) && lines[i] != "----"; i++ {
			b.Input += lines[i] + "\n"
		}
		if i == len(lines) {
			t.Fatalf("block %q has no ---- line", b.Command)
		}
		for i++; i < len(lines) && lines[i] != ""; i++ {
			b.Want += lines[i] + "\n"
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// Query makes the message of a golden "query" command: name, type, then
// +tcp +edns +do +nsid +norec +bufsize=N +class=CH +subnet=ADDR/LEN.
func Query(t *testing.T, command string) (msg *dns.Msg, tcp bool) {
	t.Helper()
	f := strings.Fields(command)
	if len(f) < 3 || f[0] != "query" {
		t.Fatalf("not a query: %q", command)
	}
	rrtype, ok := dns.StringToType[f[2]]
	if !ok {
		n, err := strconv.Atoi(strings.TrimPrefix(f[2], "TYPE"))
		if err != nil {
			t.Fatalf("unknown type in %q", command)
		}
		rrtype = uint16(n)
	}
	msg = new(dns.Msg)
	msg.SetQuestion(dns.Fqdn(f[1]), rrtype)
	msg.Id = 4711
	for _, option := range f[3:] {
		key, value, _ := strings.Cut(strings.TrimPrefix(option, "+"), "=")
		switch key {
		case "tcp":
			tcp = true
		case "norec":
			msg.RecursionDesired = false
		case "class":
			msg.Question[0].Qclass = dns.StringToClass[value]
		case "edns":
			edns(msg)
		case "do":
			edns(msg).SetDo()
		case "nsid":
			o := edns(msg)
			o.Option = append(o.Option, &dns.EDNS0_NSID{Code: dns.EDNS0NSID})
		case "bufsize":
			n, _ := strconv.Atoi(value)
			edns(msg).SetUDPSize(uint16(n))
		case "subnet":
			o := edns(msg)
			o.Option = append(o.Option, subnet(t, value))
		case "version":
			n, _ := strconv.Atoi(value)
			edns(msg).SetVersion(uint8(n))
		default:
			t.Fatalf("unknown option %q", option)
		}
	}
	return msg, tcp
}

// subnet makes a client subnet option of ADDR/LEN.
func subnet(t *testing.T, text string) *dns.EDNS0_SUBNET {
	t.Helper()
	p, err := netip.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	option := &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: uint8(p.Bits()), Address: net.IP(p.Masked().Addr().AsSlice())}
	if p.Addr().Is6() {
		option.Family = 2
	}
	return option
}

func edns(msg *dns.Msg) *dns.OPT {
	if o := msg.IsEdns0(); o != nil {
		return o
	}
	msg.SetEdns0(4096, false)
	return msg.IsEdns0()
}

// Print writes a response as golden files show it.
func Print(m *dns.Msg) string {
	var b strings.Builder
	rcode := dns.RcodeToString[m.Rcode]
	if m.Rcode == dns.RcodeBadVers {
		rcode = "BADVERS" // 16 is BADSIG only in a TSIG
	}
	b.WriteString(rcode)
	for _, f := range []struct {
		set  bool
		name string
	}{{m.Authoritative, "aa"}, {m.Truncated, "tc"}, {m.RecursionAvailable, "ra"}, {m.AuthenticatedData, "ad"}} {
		if f.set {
			b.WriteString(" " + f.name)
		}
	}
	b.WriteString("\n")
	printSection(&b, "answer", m.Answer)
	printSection(&b, "authority", m.Ns)
	var extra []dns.RR
	for _, rr := range m.Extra {
		if o, ok := rr.(*dns.OPT); ok {
			printOPT(&b, o)
			continue
		}
		extra = append(extra, rr)
	}
	printSection(&b, "additional", extra)
	return b.String()
}

func printSection(b *strings.Builder, name string, rrs []dns.RR) {
	var lines []string
	for _, rr := range rrs {
		lines = append(lines, name+": "+strings.Join(strings.Fields(rr.String()), " ")+"\n")
	}
	if name != "answer" || !isChain(rrs) {
		slices.Sort(lines)
	}
	b.WriteString(strings.Join(lines, ""))
}

// isChain reports CNAMEs in the answer, whose order matters.
func isChain(rrs []dns.RR) bool {
	return slices.ContainsFunc(rrs, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeCNAME })
}

func printOPT(b *strings.Builder, o *dns.OPT) {
	b.WriteString("opt: size=" + strconv.Itoa(int(o.UDPSize())))
	if o.Do() {
		b.WriteString(" do")
	}
	for _, option := range o.Option {
		switch option := option.(type) {
		case *dns.EDNS0_NSID:
			b.WriteString(" nsid=" + option.Nsid)
		case *dns.EDNS0_EDE:
			b.WriteString(" ede=" + strconv.Itoa(int(option.InfoCode)))
		default:
			b.WriteString(" " + strings.Join(strings.Fields(option.String()), " "))
		}
	}
	b.WriteString("\n")
}
