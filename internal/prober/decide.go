package prober

import (
	"strconv"
	"sync/atomic"
	"time"

	"open53/internal/health"
)

// maxFlips is how many changes of status are remembered per check.
const maxFlips = 64

// maxDepth bounds how far up a change goes through calculated checks. Writes
// refuse loops; what comes from elsewhere must not hang the prober.
const maxDepth = 32

// counters count since the start.
type counters struct {
	probes [outcomes]atomic.Uint64
	flips  atomic.Uint64
}

// finish applies the result of a probe, and schedules the next one.
func (p *Prober) finish(j job, r *result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := j.target
	if p.ended || t.gone || t.endpoint.Load() != j.endpoint {
		return // whoever changed it has scheduled it, too
	}
	before := t.status.Against
	o := health.Observation{Time: r.end.UnixMilli(), Success: r.outcome == succeeded, Text: r.text, Checker: r.checker}
	t.status.Last = o
	if !o.Success {
		t.status.LastFailure = o
	}
	changed := t.status.Observe(o.Success, t.check.Settings.FailureThreshold)
	p.publish(t, r.end, r.text, 0)
	if changed || t.status.Against != before {
		p.markDirty(t)
	}
	p.record(t, r)
	p.schedule(t, false)
}

// publish makes visible what the status says by now: in the table, then in
// what depends on it. cause is why, should it have changed.
func (p *Prober) publish(t *target, now time.Time, cause string, depth int) {
	healthy := t.check.Settings.Publish(t.status.Measured)
	if healthy == t.status.Healthy {
		return
	}
	t.status.Healthy, t.status.Since, t.status.Cause = healthy, now.UnixMilli(), cause
	p.cfg.Table.Set(t.number, healthy)
	p.counters.flips.Add(1)
	p.markDirty(t)
	p.remember(t, health.Flip{CheckID: t.check.ID, Time: now, Healthy: healthy, Cause: cause})
	p.recalculateParents(t.check.ID, now, depth+1)
}

// recalculateParents brings the calculated checks above a check up to date.
func (p *Prober) recalculateParents(id string, now time.Time, depth int) {
	if depth > maxDepth {
		p.cfg.Log.Error("calculated health checks are nested too deeply, or in a loop", "health_check_id", id)
		return
	}
	for parent := range p.parents.Of(id) {
		if t := p.targets[parent]; t != nil {
			p.recalculate(t, now, depth)
		}
	}
}

// recalculate counts the children of a calculated check.
func (p *Prober) recalculate(t *target, now time.Time, depth int) {
	s := &t.check.Settings
	if s.Type != health.CalculatedType || s.HealthThreshold == nil {
		return
	}
	children := make([]health.Child, len(s.Children))
	for i, id := range s.Children {
		if child := p.targets[id]; child != nil {
			children[i] = health.Child{Known: true, Disabled: child.check.Settings.Disabled, Healthy: child.status.Healthy}
		}
	}
	measured, count := health.Calculated(*s.HealthThreshold, children)
	t.children, t.healthyChildren = len(children), count
	p.measure(t, measured, now, countText(count, len(children), *s.HealthThreshold), depth)
}

func countText(count, children int, threshold int32) string {
	return strconv.Itoa(count) + " of " + strconv.Itoa(children) + " child health checks are healthy; at least " +
		strconv.Itoa(int(threshold)) + " must be."
}

// measure sets what a check without probes says.
func (p *Prober) measure(t *target, measured bool, now time.Time, cause string, depth int) {
	if t.status.Measured != measured {
		t.status.Measured = measured
		p.markDirty(t)
	}
	p.publish(t, now, cause, depth)
}

// AlarmChanged says what an alarm of CloudWatch says now; the empty state says
// that there is no such alarm any more. It returns when every check that
// follows the alarm has been brought up to date; checks that come later begin
// with the state.
func (p *Prober) AlarmChanged(region, name string, state health.AlarmState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	id := health.AlarmID{Region: region, Name: name}
	a := p.alarms[id]
	a.state = state
	if p.alarms[id] = a; state == "" && len(a.targets) == 0 {
		delete(p.alarms, id)
	}
	for _, t := range a.targets {
		if t.status.Alarm != state {
			t.status.Alarm = state
			p.markDirty(t)
		}
		p.followAlarm(t, now)
	}
}

func (p *Prober) followAlarm(t *target, now time.Time) {
	state := t.status.Alarm
	if state == "" {
		state = health.AlarmLacksData
	}
	measured := state.Healthy(t.check.Settings.InsufficientData, t.status.Measured)
	p.measure(t, measured, now, "The alarm's state is "+string(state)+".", 0)
}

// controlChanged is a new state of a switch. Off is also the state of one that
// was never set.
func (p *Prober) controlChanged(arn string, on bool) {
	c := p.controls[arn]
	c.on = on
	p.controls[arn] = c
	for _, t := range c.targets {
		p.followControl(t, time.Now())
	}
}

func (p *Prober) followControl(t *target, now time.Time) {
	on := p.controls[t.check.Settings.RoutingControl].on
	cause := "The routing control is off."
	if on {
		cause = "The routing control is on."
	}
	p.measure(t, on, now, cause, 0)
}

// record hands a measurement on; r is nil where nothing was probed.
func (p *Prober) record(t *target, r *result) {
	if p.cfg.Record == nil {
		return
	}
	m := health.Measurement{
		CheckID: t.check.ID, Type: t.check.Settings.Type, Time: time.Now(), Healthy: t.status.Healthy,
		Latency: t.check.Settings.MeasureLatency, Children: t.children, HealthyChildren: t.healthyChildren,
	}
	if r != nil {
		m.Probed, m.Time, m.Success = true, r.end, r.outcome == succeeded
		m.DNS, m.Connect, m.TLS, m.FirstByte = r.lookup, r.connect, r.handshake, r.firstByte
	}
	p.cfg.Record(m)
}

// beatInterval is how often checks that are not probed are reported: twice a
// minute, so that each minute has one.
const beatInterval = 30

// schedule puts a target into the wheel: now for a check that was just made,
// else at the next moment of its phase. Moments are counted from the start of
// one probe to that of the next; one that takes longer than the interval
// leaves moments out.
func (p *Prober) schedule(t *target, now bool) {
	seconds := t.check.Settings.Interval
	if t.endpoint.Load() == nil {
		if seconds = beatInterval; p.cfg.Record == nil {
			p.wheel.remove(t)
			return
		}
	}
	interval := time.Duration(max(seconds, 1)) * p.cfg.Second
	at := time.Now()
	if now {
		p.wheel.add(t, at)
		return
	}
	phase := time.Duration(phaseOf(t.check.ID) % uint64(interval))
	since := at.Sub(p.wheel.start) - phase
	turns := since / interval
	if since >= 0 {
		turns++
	}
	p.wheel.add(t, p.wheel.start.Add(phase+turns*interval))
}

// phaseOf spreads ids evenly: FNV-1a, and a finalizer for its weak high bits.
func phaseOf(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}
