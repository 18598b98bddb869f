package telemetry

import (
	"strconv"
	"time"
)

// Observe counts one finished request.
func (r *Requests) Observe(service string, status int, elapsed time.Duration) {
	r.count.WithLabelValues(service, strconv.Itoa(status)).Inc()
	r.duration.WithLabelValues(service).Observe(elapsed.Seconds())
}
