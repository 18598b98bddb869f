package httpserver

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateInterval is how often a handshake looks for a new certificate.
const certificateInterval = 10 * time.Second

// certificate is a key pair that follows its files. A pair that cannot be read
// leaves the old one in use.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu       sync.Mutex // guards what follows
	pair     *tls.Certificate
	modified [2]time.Time // of the files, when pair was read or last failed
	checked  time.Time
}

func openCertificate(certFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, logger: logger, checked: time.Now()}
	modified, err := c.times()
	if err == nil {
		err = c.read(modified)
	}
	if err != nil {
		return nil, fmt.Errorf("read TLS certificate: %w", err)
	}
	return c, nil
}

func (c *certificate) times() (times [2]time.Time, err error) {
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return times, err
		}
		times[i] = info.ModTime()
	}
	return times, nil
}

func (c *certificate) read(modified [2]time.Time) error {
	c.modified = modified
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair = &pair
	return nil
}

// get is tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.checked) >= certificateInterval {
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
