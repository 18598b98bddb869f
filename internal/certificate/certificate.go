// Package certificate is a TLS key pair that follows its files: they are looked
// at again during handshakes, at most every ten seconds, so that a renewed
// certificate needs no restart. A pair that cannot be read leaves the old one
// in use.
//
// A Pair is safe for concurrent use.
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// interval is how often a handshake looks for a new pair.
const interval = 10 * time.Second

// Pair is a certificate chain and its key.
type Pair struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu       sync.Mutex // guards what follows
	pair     *tls.Certificate
	modified [2]time.Time // of the files, when pair was read or last failed
	checked  time.Time
}

// Open reads a pair from PEM files.
func Open(certFile, keyFile string, logger *slog.Logger) (*Pair, error) {
	c := &Pair{certFile: certFile, keyFile: keyFile, logger: logger, checked: time.Now()}
	modified, err := c.times()
	if err == nil {
		err = c.read(modified)
	}
	if err != nil {
		return nil, fmt.Errorf("read TLS certificate: %w", err)
	}
	return c, nil
}

func (c *Pair) times() (times [2]time.Time, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return times, err
		}
		times[i] = info.ModTime()
	}
	return times, nil
}

func (c *Pair) read(modified [2]time.Time) error {
	c.modified = modified
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair = &pair
	return nil
}

// Get is tls.Config.GetCertificate.
func (c *Pair) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) >= interval {
		c.checked = time.Now()
		if modified, err := c.times(); err == nil && modified != c.modified {
			if err := c.read(modified); err != nil { // perhaps only one of the files is new yet
				c.logger.Error("TLS certificate stays as it was", slog.Any("error", err))
			} else {
				c.logger.Info("TLS certificate read again", slog.String("path", c.certFile))
			}
		}
	}
	return c.pair, nil
}
