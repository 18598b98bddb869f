package main

import (
	"crypto/rand"
	"net/http"
	"path/filepath"
	"time"

	"open53/internal/cloudwatch"
	"open53/internal/config"
	"open53/internal/httpserver"
	"open53/internal/metricstore"
)

// openCloudWatch makes the metric store, whose database opens later, and loads
// the alarms.
func (n *node) openCloudWatch(c *config.Config) (err error) {
	dir := "" // a temporary one, when it is needed
	if c.Data != "" {
		dir = filepath.Join(c.Data, "metrics")
	}
	n.metrics = metricstore.New(metricstore.Options{Dir: dir, Logger: n.component("metricstore")})
	webhooks, err := c.Webhooks()
	if err != nil {
		return err
	}
	n.alarms, err = cloudwatch.New(cloudwatch.Config{
		Store: n.store, Metrics: n.metrics, AccountID: c.AccountID, Now: time.Now, Random: rand.Reader,
		Log: n.component("cloudwatch"), Webhooks: webhooks, Strict: c.Strict,
	})
	return err
}

func (n *node) cloudWatchService() httpserver.Service {
	return httpserver.Service{
		Name: cloudwatch.Name, Match: cloudwatch.Wire.Claims, Handler: n.alarms.Handler(),
		ErrorFor: func(r *http.Request) httpserver.ErrorWriter { return cloudwatch.RefuseAs(r) },
	}
}
