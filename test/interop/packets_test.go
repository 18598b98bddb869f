package interop

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"open53/test/interop/server"
)

// header is a DNS header with the id 0x1234: flags and the four counts.
func header(flags uint16, counts ...uint16) string {
	b := binary.BigEndian.AppendUint16([]byte{0x12, 0x34}, flags)
	for i := range 4 {
		var n uint16
		if i < len(counts) {
			n = counts[i]
		}
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return string(b)
}

// The parts of packets.
const (
	wireName = "\x03www\x03bad\x07example\x00"
	askA     = wireName + "\x00\x01\x00\x01"
	// opt is an OPT record for 1232 bytes, with the length of its options.
	optStart = "\x00\x00\x29\x04\xd0\x00\x00\x00\x00"
	plainOPT = optStart + "\x00\x00"
)

func question(name string, rrtype, class byte) string {
	return name + "\x00" + string([]byte{rrtype, 0, class})
}

func label(n int) string { return string([]byte{byte(n)}) + strings.Repeat("a", n) }

const silence = -1

// packets are messages as no resolver sends them, and the RCODE of the
// response.
var packets = []struct {
	name, send string
	want       int
}{
	{"nothing", "", silence},
	{"a byte", "\x12", silence},
	{"eleven bytes", header(0x0100)[:11], silence},
	{"a response", header(0x8100, 1) + askA, silence},
	{"header alone", header(0x0100), dns.RcodeFormatError},
	{"no question", header(0x0100, 1), dns.RcodeFormatError},
	{"two questions", header(0x0100, 2) + askA + askA, dns.RcodeFormatError},
	{"65535 questions", header(0x0100, 65535) + askA, dns.RcodeFormatError},
	{"name cut off", header(0x0100, 1) + wireName[:7], dns.RcodeFormatError},
	{"type cut off", header(0x0100, 1) + askA[:len(askA)-3], dns.RcodeFormatError},
	{"name that points at itself", header(0x0100, 1) + "\xc0\x0c\x00\x01\x00\x01", dns.RcodeFormatError},
	{"name that points ahead", header(0x0100, 1) + "\x03www\xc0\x20\x00\x01\x00\x01" + strings.Repeat("\x00", 20), dns.RcodeFormatError},
	{"label of 64", header(0x0100, 1) + question(label(64)+"\x00", 1, 1), dns.RcodeFormatError},
	{"label type 0x80", header(0x0100, 1) + question("\x81a\x00", 1, 1), dns.RcodeFormatError},
	{"name of 255", header(0x0100, 1) + question(label(63)+label(63)+label(63)+label(61)+"\x00", 1, 1), dns.RcodeRefused},
	{"name of 256", header(0x0100, 1) + question(label(63)+label(63)+label(63)+label(62)+"\x00", 1, 1), dns.RcodeFormatError},
	{"name of 300", header(0x0100, 1) + question(strings.Repeat(label(59), 5)+"\x00", 1, 1), dns.RcodeFormatError},
	{"127 labels", header(0x0100, 1) + question(strings.Repeat(label(1), 127)+"\x00", 1, 1), dns.RcodeRefused},
	{"bytes behind", header(0x0100, 1) + askA + "surplus", dns.RcodeSuccess},
	{"records that are not there", header(0x0100, 1, 0, 0, 1) + askA, dns.RcodeFormatError},
	{"record cut off", header(0x0100, 1, 0, 0, 1) + askA + plainOPT[:8], dns.RcodeFormatError},
	{"record longer than the packet", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x7f\xff", dns.RcodeFormatError},
	{"answers in a query", header(0x0100, 1, 1) + askA + "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01", dns.RcodeSuccess},
	{"EDNS", header(0x0100, 1, 0, 0, 1) + askA + plainOPT, dns.RcodeSuccess},
	{"EDNS twice", header(0x0100, 1, 0, 0, 2) + askA + plainOPT + plainOPT, dns.RcodeFormatError},
	{"EDNS with an owner", header(0x0100, 1, 0, 0, 1) + askA + "\x01a" + plainOPT, dns.RcodeFormatError},
	{"EDNS among the answers", header(0x0100, 1, 1) + askA + plainOPT, dns.RcodeFormatError},
	{"EDNS version 1", header(0x0100, 1, 0, 0, 1) + askA + "\x00\x00\x29\x04\xd0\x00\x01\x00\x00\x00\x00", dns.RcodeBadVers},
	{"EDNS size 0", header(0x0100, 1, 0, 0, 1) + askA + "\x00\x00\x29\x00\x00\x00\x00\x00\x00\x00\x00", dns.RcodeSuccess},
	{"all EDNS flags", header(0x0100, 1, 0, 0, 1) + askA + "\x00\x00\x29\x04\xd0\x00\x00\xff\xff\x00\x00", dns.RcodeSuccess},
	{"unknown option", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x06\xff\xfe\x00\x02ab", dns.RcodeSuccess},
	{"option cut off", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x03\xff\xfe\x00", dns.RcodeFormatError},
	{"option longer than the record", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x05\xff\xfe\x00\x09a", dns.RcodeFormatError},
	{"cookie of 3", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x07\x00\x0a\x00\x03abc", dns.RcodeFormatError},
	{"cookie of 8", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x0c\x00\x0a\x00\x0812345678", dns.RcodeSuccess},
	{"subnet of family 7", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x0b\x00\x08\x00\x07\x00\x07\x18\x00\xc0\x00\x02", dns.RcodeFormatError},
	{"subnet of 33 bits", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x0d\x00\x08\x00\x09\x00\x01\x21\x00\xc0\x00\x02\x00\x00", dns.RcodeFormatError},
	{"subnet too short", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x0a\x00\x08\x00\x06\x00\x01\x18\x00\xc0\x00", dns.RcodeFormatError},
	{"subnet of 24 bits", header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x0b\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02", dns.RcodeSuccess},
	{"IQUERY", header(0x0900, 1) + askA, dns.RcodeNotImplemented},
	{"STATUS", header(0x1100, 1) + askA, dns.RcodeNotImplemented},
	{"NOTIFY", header(0x2100, 1) + askA, dns.RcodeNotImplemented},
	{"UPDATE", header(0x2900, 1) + askA, dns.RcodeNotImplemented},
	{"opcode 15", header(0x7900, 1) + askA, dns.RcodeNotImplemented},
	{"every flag but QR", header(0x07ff, 1) + askA, dns.RcodeSuccess},
	{"class 0", header(0x0100, 1) + question(wireName, 1, 0), dns.RcodeRefused},
	{"class CH", header(0x0100, 1) + question(wireName, 16, 3), dns.RcodeRefused},
	{"class HS", header(0x0100, 1) + question(wireName, 1, 4), dns.RcodeRefused},
	{"class ANY", header(0x0100, 1) + question(wireName, 1, 255), dns.RcodeRefused},
	{"type 0", header(0x0100, 1) + question(wireName, 0, 1), dns.RcodeSuccess},
	{"type OPT", header(0x0100, 1) + question(wireName, 41, 1), dns.RcodeSuccess},
	{"type TSIG", header(0x0100, 1) + question(wireName, 250, 1), dns.RcodeSuccess},
	{"type IXFR", header(0x0100, 1) + question(wireName, 251, 1), dns.RcodeRefused},
	{"type AXFR", header(0x0100, 1) + question(wireName, 252, 1), dns.RcodeRefused},
	{"type 65535", header(0x0100, 1) + wireName + "\xff\xff\x00\x01", dns.RcodeSuccess},
	{"root", header(0x0100, 1) + question("\x00", 2, 1), dns.RcodeRefused},
	{"upper case", header(0x0100, 1) + question("\x03WwW\x03BaD\x07eXaMpLe\x00", 1, 1), dns.RcodeSuccess},
	{"bytes of no letter", header(0x0100, 1) + question("\x04\x00\xff. \x03bad\x07example\x00", 1, 1), dns.RcodeNameError},
	{"TSIG of nobody", header(0x0100, 1, 0, 0, 1) + askA + "\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x00", dns.RcodeSuccess},
	{"64 KiB less headers", header(0x0100, 1) + askA + strings.Repeat("\x00", 60000), dns.RcodeSuccess},
}

// TestBadPackets: each gets the response that the RFCs ask for, or silence;
// noise by the thousand gets nobody into trouble.
func TestBadPackets(t *testing.T) {
	t.Parallel()
	s := server.Start(t, server.Options{Args: []string{"--data", t.TempDir()}})
	c := newSDK(t, s)
	c.change(c.createZone("bad.example"), simple("CREATE", "www.bad.example", "A", 60, "192.0.2.1"))
	before := s.State(t).String()
	for _, test := range packets {
		t.Run(test.name, func(t *testing.T) {
			got := send(t, s, test.send)
			if test.want == silence {
				if got != nil {
					t.Errorf("response % x", got)
				}
				return
			}
			checkResponse(t, test.send, got, test.want)
		})
	}
	noise(t, s)
	if diff := cmp.Diff(before, s.State(t).String()); diff != "" {
		t.Errorf("bad packets left a trace: %s", diff)
	}
	alive(t, s)
}

// send sends a packet and returns the response; nil if there is none. A good
// query behind it tells that the server has had its time.
func send(t *testing.T, s *server.Server, packet string) []byte {
	t.Helper()
	conn := dial(t, "udp", s.DNS)
	if _, err := conn.Write([]byte(packet)); err != nil {
		t.Fatal(err)
	}
	good := new(dns.Msg)
	good.SetQuestion("bad.example.", dns.TypeSOA)
	good.Id = 0x4321
	packed, err := good.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(packed); err != nil {
		t.Fatal(err)
	}
	var response []byte
	buffer := make([]byte, 65536)
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatalf("the good query behind it gets no response: %v", err)
		}
		if n >= 2 && buffer[0] == 0x43 && buffer[1] == 0x21 {
			return response
		}
		response = append([]byte{}, buffer[:n]...)
	}
}

// checkResponse looks at a response with the eyes of another implementation.
func checkResponse(t *testing.T, packet string, response []byte, want int) {
	t.Helper()
	r := new(dns.Msg)
	if err := r.Unpack(response); err != nil {
		t.Fatalf("response % x: %v", response, err)
	}
	flags := binary.BigEndian.Uint16([]byte(packet[2:]))
	if r.Rcode != want {
		t.Errorf("%s, want %s: %v", dns.RcodeToString[r.Rcode], dns.RcodeToString[want], r)
	}
	if r.Id != 0x1234 || !r.Response || r.Opcode != int(flags>>11&15) || r.RecursionAvailable || r.AuthenticatedData || r.Zero {
		t.Errorf("header of the response: %v", r.MsgHdr)
	}
	if r.RecursionDesired != (flags&0x0100 != 0) {
		t.Errorf("RD is not copied: %v", r.MsgHdr)
	}
	if len(response) > 1232 {
		t.Errorf("response of %d bytes", len(response))
	}
}

// noise sends random packets: pure ones, and good queries with some bits
// turned.
func noise(t *testing.T, s *server.Server) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	conn := dial(t, "udp", s.DNS)
	buffer := make([]byte, 65536)
	good := header(0x0100, 1, 0, 0, 1) + askA + optStart + "\x00\x0b\x00\x08\x00\x07\x00\x01\x18\x00\xc0\x00\x02"
	for i := range 20000 {
		packet := []byte(good)
		if i%4 == 0 {
			packet = make([]byte, random.IntN(600))
			for j := range packet {
				packet[j] = byte(random.Uint32())
			}
		} else {
			for range 1 + random.IntN(8) {
				packet[random.IntN(len(packet))] ^= 1 << random.IntN(8)
			}
		}
		if _, err := conn.Write(packet); err != nil {
			t.Fatal(err)
		}
		// Keep the socket's buffer empty, without waiting.
		_ = conn.SetReadDeadline(time.Now().Add(time.Microsecond))
		n, err := conn.Read(buffer)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		if n > 0 {
			if err := new(dns.Msg).Unpack(buffer[:n]); err != nil {
				t.Fatalf("response that another implementation cannot read: %v: % x", err, buffer[:n])
			}
		}
	}
}
