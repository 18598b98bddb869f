package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"open53/test/interop/server"
)

// newCertificate writes a certificate for 127.0.0.1 that vouches for itself.
func newCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "open53 test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: certificate}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestTLS: the AWS CLI and open53's own command line over HTTPS, with nothing
// to tell them but whom to trust.
func TestTLS(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	certFile, keyFile := newCertificate(t)
	s := server.Start(t, server.Options{Verb: "serve", Args: []string{"--api-tls-cert", certFile, "--api-tls-key", keyFile}})
	trusting := append(s.Env(), "AWS_CA_BUNDLE="+certFile)
	create := client{command: []string{server.Command().Path, "zone", "create", "tls.example"}, env: trusting}
	create.mustRun(t)
	list := client{command: []string{"aws", "--endpoint-url", s.API, "route53", "list-hosted-zones", "--query", "HostedZones[].Name", "--output", "text"}, env: trusting}
	if out := list.mustRun(t); out != "tls.example.\n" {
		t.Errorf("listed %s", out)
	}
	list.env = append(s.Env(), "AWS_MAX_ATTEMPTS=1")
	if out, _, exit := list.run(t); exit == 0 {
		t.Errorf("a certificate of nobody is trusted: %s", out)
	}
}
