package nameserver

import (
	"encoding/binary"

	"open53/internal/policy"
	"open53/internal/rdata"
	"open53/internal/zone"
	"open53/internal/zonedb"
)

// trace writes down how the answer to one question came about. Its methods are
// called from the query path itself, so what is explained is what happened;
// every query but Explain's has none.
type trace struct {
	steps []*Step
	name  rdata.Name // whose RRsets are being looked at
	ended bool       // the answer section is complete: the rest is not told
	// judged counts what explanations of health looked at; trees of aliases can
	// be as large as the zone.
	judged int
}

func (t *trace) add(r *Responder, set zonedb.Set, kind string) *Step {
	if t.name == "" {
		t.name = currentName(r)
	}
	s := &Step{Kind: kind, Name: t.name.String(), Type: rdata.Type(set.Type).String()}
	t.steps = append(t.steps, s)
	return s
}

func currentName(r *Responder) rdata.Name { return rdata.Name(r.name.Words[:r.name.Len]) }

// begin: the current name's RRsets are looked at.
func (t *trace) begin(r *Responder) {
	if !t.ended {
		t.name = currentName(r)
	}
}

// records: the search has ended at RRs.
func (t *trace) records(r *Responder, set zonedb.Set) {
	if !t.ended {
		t.add(r, set, StepRecords).Records = set.Count
	}
}

// cname: the answer goes on at another name.
func (t *trace) cname(r *Responder) {
	if !t.ended {
		if last := len(t.steps) - 1; last >= 0 && t.steps[last].Kind == StepRecords {
			t.steps = t.steps[:last] // the CNAME that is followed
		}
		s := t.add(r, zonedb.Set{Type: typeCNAME}, StepCNAME)
		t.name = currentName(r)
		s.Target = t.name.String()
	}
}

const typeCNAME = uint16(rdata.TypeCNAME)

// alias: the search goes on at an alias's target.
func (t *trace) alias(r *Responder, set zonedb.Set) {
	if t.ended {
		return
	}
	kind, target := StepAlias, r.aliasName(set)
	if set.Kind == zonedb.AliasOutside {
		kind = StepOutside
	}
	t.add(r, set, kind).Target = target.String()
	t.name = target
}

// aliasName is the name that an alias points at.
func (r *Responder) aliasName(alias zonedb.Set) rdata.Name {
	if alias.Kind == zonedb.AliasOutside {
		return r.db.Outside().Targets()[alias.Outside()].Name
	}
	_, owner := alias.Target()
	return rdata.Name(string(owner) + string(r.zone.Apex()))
}

// failed: the search has ended with nothing to answer.
func (t *trace) failed(r *Responder, set zonedb.Set, found resolution) {
	if !t.ended {
		t.add(r, set, StepNothing).Reason = reasons[found]
	}
}

var reasons = map[resolution]string{
	noTarget: "the alias's target does not exist", noneApplies: "no set applies to this client, and there is no default",
	targetNotReady: "the target outside has not been resolved yet", targetFailed: "the target outside cannot be resolved",
	aliasLoop: "too many aliases",
}

// none: no candidate of a group applies.
func (t *trace) none(r *Responder, set zonedb.Set) {
	if !t.ended {
		t.group(r, set, policy.Set{}, policy.Set{}, nil)
	}
}

// chosen: a group has chosen a candidate.
func (t *trace) chosen(r *Responder, set zonedb.Set, candidates, left policy.Set, i int) {
	if !t.ended {
		t.group(r, set, candidates, left, []uint8{uint8(i)})
	}
}

// merged: a multivalue group has chosen candidates.
func (t *trace) merged(r *Responder, set zonedb.Set, candidates, left policy.Set, picked []uint8) {
	if !t.ended {
		t.group(r, set, candidates, left, append([]uint8(nil), picked...))
	}
}

// group writes a group's decision down.
func (t *trace) group(r *Responder, set zonedb.Set, candidates, left policy.Set, picked []uint8) {
	p := policy.Program(set.Data)
	s := t.add(r, set, StepGroup)
	defer func(judged int) { r.judged = judged }(r.judged) // telling is not using
	s.Policy = p.Policy().String()
	s.Sticky = r.config.StickyPrefix && (p.Policy() == zone.Weighted || p.Policy() == zone.Multivalue)
	for i := range p.Len() {
		s.Candidates = append(s.Candidates, r.explainCandidate(p, set.Type, i, candidates, left))
	}
	for i := candidates.Next(0); i >= 0; i = candidates.Next(i + 1) {
		s.FailOpen = s.FailOpen || left.Has(i) && !s.Candidates[i].Healthy
	}
	for _, i := range picked {
		s.Candidates[i].Chosen = true
	}
}

// explainCandidate says what the policy saw in a candidate.
func (r *Responder) explainCandidate(p policy.Program, rrtype uint16, i int, candidates, left policy.Set) *CandidateStep {
	c := p.Candidate(i)
	identifier, place := p.Texts(i)
	e := &CandidateStep{SetIdentifier: identifier, Place: place, Applies: candidates.Has(i), Answers: r.payloadText(rrtype, c)}
	e.HealthStep = r.explainHealth(p, rrtype, i, 0)
	switch p.Policy() {
	case zone.Weighted:
		weight := p.Weight(i)
		e.Weight, e.Probability = &weight, new(p.Probability(left, i))
	case zone.Latency:
		scope := r.where // a copy: what is only told is not used
		millis, source := scope.Millis(p.Region(i))
		e.LatencyMillis, e.LatencySource = &millis, source.String()
	case zone.GeoproximityPolicy:
		scope := r.where
		point, known := p.Point(i)
		if distance, located := scope.Kilometers(point); known && located {
			bias := p.Bias(i)
			e.Kilometers, e.Bias, e.BiasedKilometers = &distance, &bias, new(policy.Biased(distance, bias))
		}
	case zone.Simple, zone.Failover, zone.GeolocationPolicy, zone.Multivalue, zone.CIDRPolicy:
	}
	return e
}

// payloadText says what a candidate would answer.
func (r *Responder) payloadText(rrtype uint16, c policy.Candidate) string {
	set := candidateSet(rrtype, c)
	if set.Kind == zonedb.AliasInside || set.Kind == zonedb.AliasOutside {
		return "alias to " + r.aliasName(set).String()
	}
	return values(set)
}

// values are the rdata of a plain set in presentation form.
func values(set zonedb.Set) string {
	text := ""
	for at := 0; at < len(set.Data); at = nextRR(set.Data, at) {
		wire := set.Data[at+zonedb.RRHead : nextRR(set.Data, at)]
		value, err := rdata.FormatValue(rdata.Type(binary.BigEndian.Uint16(set.Data[at+2:])), wire)
		if err != nil {
			value = err.Error()
		}
		if text != "" {
			text += ", "
		}
		text += value
	}
	return text
}

// explainHealth says how healthy a candidate is, and why.
func (r *Responder) explainHealth(p policy.Program, rrtype uint16, i, depth int) HealthStep {
	r.trace.judged++
	r.judged = 0
	h := HealthStep{Healthy: r.candidateHealthy(p, rrtype, i, depth)}
	if check, checked := p.Check(i); checked {
		h.Check, h.CheckHealthy = r.world.Health.ID(check), new(r.world.Health.Healthy(check))
	}
	if p.Evaluates(i) && depth < maxChain && r.trace.judged < maxJudged {
		h.Target = r.explainTarget(candidateSet(rrtype, p.Candidate(i)), depth+1)
	}
	return h
}

// explainTarget says how healthy an alias's target is.
func (r *Responder) explainTarget(alias zonedb.Set, depth int) *TargetStep {
	t := &TargetStep{Name: r.aliasName(alias).String(), Healthy: r.targetHealthy(alias, depth)}
	if alias.Kind == zonedb.AliasOutside {
		return t
	}
	set, found := r.aliasTarget(alias)
	if !found {
		t.Missing = true
		return t
	}
	switch set.Kind {
	case zonedb.AliasInside, zonedb.AliasOutside:
		if set.Evaluates() && depth < maxChain {
			t.Target = r.explainTarget(set, depth+1)
		}
	case zonedb.Group:
		p := policy.Program(set.Data)
		for i := range p.Len() {
			identifier, _ := p.Texts(i)
			t.Members = append(t.Members, MemberStep{SetIdentifier: identifier, HealthStep: r.explainHealth(p, set.Type, i, depth)})
		}
	case zonedb.Plain, zonedb.PlainFixed, zonedb.LiveSOA:
	}
	return t
}
