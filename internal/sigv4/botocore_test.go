package sigv4

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestBotocoreSignaturesVerify takes what the Python SDK and the AWS CLI sign.
func TestBotocoreSignaturesVerify(t *testing.T) {
	if err := exec.Command("python3", "-c", "import botocore").Run(); err != nil {
		t.Skip("python3 with botocore is not installed")
	}
	out, err := exec.Command("python3", "testdata/botocore_sign.py").Output()
	if err != nil {
		t.Fatalf("sign with botocore: %v", err)
	}
	count := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var signed struct {
			Method, Target, Form string
			Headers              [][2]string
			Body                 []byte
		}
		if err := json.Unmarshal(lines.Bytes(), &signed); err != nil {
			t.Fatal(err)
		}
		wire := signed.Method + " " + signed.Target + " HTTP/1.1\r\nHost: localhost:4566\r\n"
		stated := false
		for _, h := range signed.Headers {
			wire += h[0] + ": " + h[1] + "\r\n"
			stated = stated || strings.EqualFold(h[0], "Content-Length")
		}
		if !stated && len(signed.Body) > 0 {
			wire += "Content-Length: " + strconv.Itoa(len(signed.Body)) + "\r\n" // as the HTTP client adds it
		}
		r, body := read(t, wire+"\r\n"+string(signed.Body))
		if err := verify(r, body, suite.SecretAccessKey, now); err != nil {
			t.Errorf("%v\n%s", err, wire)
		}
		count[signed.Form]++
	}
	for _, form := range []string{"header", "date", "query"} {
		if count[form] < 100 {
			t.Errorf("%d requests of form %q", count[form], form)
		}
	}
}
