package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"open53/internal/nameserver"
	"open53/internal/rdata"
)

// explainRequest is the body of POST /open53/v1/explain.
type explainRequest struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Client string `json:"client,omitempty"`
	Subnet string `json:"subnet,omitempty"`
}

func newExplainCommand() *cobra.Command {
	s := &settings{}
	var in explainRequest
	cmd := &cobra.Command{
		Use:   "explain NAME [TYPE]",
		Short: "Show how DNS answers a question, and why",
		Long: `Ask the server's own answers and show every decision on the way: which record
sets there are, where the client is, how healthy each set is, which one is chosen
and why, through aliases and CNAMEs. TYPE is A if not given. It needs an open53
server.`,
		Example: `  open53 explain www.example.com --client 203.0.113.7
  open53 explain www.example.com AAAA --client 192.0.2.53 --subnet 198.51.100.0/24
  open53 explain www.example.com A --output json`,
		Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Name, in.Type = args[0], "A"
			if len(args) > 1 {
				in.Type = strings.ToUpper(args[1])
			}
			if err := in.check(); err != nil {
				return err
			}
			c, err := s.connect(cmd.Context())
			if err != nil {
				return err
			}
			var e nameserver.Explanation
			if err := c.admin(cmd.Context(), http.MethodPost, "explain", in, &e); err != nil {
				return c.failure("explain "+in.Name, err)
			}
			if s.output == formatJSON {
				return printPlainJSON(cmd, e)
			}
			return printf(cmd, "%s", explanationText(&e))
		},
	}
	cmd.Flags().StringVar(&in.Client, "client", "", "`ADDRESS` that the query comes from; the resolver's (default 127.0.0.1)")
	cmd.Flags().StringVar(&in.Subnet, "subnet", "", "`PREFIX` of the client that the resolver asks for (EDNS client subnet)")
	s.register(cmd.Flags())
	registerOutputCompletion(cmd)
	return cmd
}

// check finds what would not reach the server's answers.
func (in *explainRequest) check() error {
	if _, err := rdata.ParseName(in.Name); err != nil {
		return usagef("name %q: %w", in.Name, err)
	}
	if _, known := rdata.ParseType(in.Type); !known {
		return usagef("record type %q is not known", in.Type)
	}
	if in.Client != "" {
		if _, err := netip.ParseAddr(in.Client); err != nil {
			return usagef("--client: %q is no IP address", in.Client)
		}
	}
	return nil
}

// outline is text of lines that are indented by depth.
type outline struct{ strings.Builder }

func (o *outline) line(depth int, format string, args ...any) {
	o.WriteString(strings.Repeat("  ", depth))
	_, _ = fmt.Fprintf(o, format, args...) // a Builder takes everything
	o.WriteByte('\n')
}

// explanationText is the decision as a tree.
func explanationText(e *nameserver.Explanation) string {
	var o outline
	o.line(0, "%s %s  %s", e.Name, e.Type, e.Rcode)
	for _, rr := range e.Answer {
		o.line(0, "  %s %d %s %s", rr.Name, rr.TTL, rr.Type, rr.Value)
	}
	o.line(0, "client %s", clientText(&e.Client))
	if e.Zone == "" {
		o.line(0, "zone   none of this server")
	} else {
		o.line(0, "zone   %s %s", e.ZoneID, e.Zone)
	}
	if e.Scope == 0 {
		o.line(0, "scope  the answer does not depend on the client's address")
	} else {
		o.line(0, "scope  clients that share the first %d bits of the address are answered alike", e.Scope)
	}
	for depth, step := range e.Steps {
		stepText(&o, depth, step)
	}
	return o.String()
}

func clientText(c *nameserver.ClientStep) string {
	text := fmt.Sprintf("%s/%d (%s)", c.Address, c.Bits, c.Source)
	var known []string
	if c.VPC != "" {
		known = append(known, "in "+c.VPC+" in "+c.Region)
	}
	for _, code := range []struct{ name, value string }{{"continent", c.Continent}, {"country", c.Country}, {"subdivision", c.Subdivision}} {
		if code.value != "" {
			known = append(known, code.name+" "+code.value)
		}
	}
	if c.Latitude != nil && c.Longitude != nil {
		known = append(known, fmt.Sprintf("at %.2f,%.2f", *c.Latitude, *c.Longitude))
	}
	if c.ASN != 0 {
		known = append(known, "AS"+strconv.FormatUint(uint64(c.ASN), 10))
	}
	if len(known) == 0 {
		return text + ", location unknown"
	}
	return text + ", " + strings.Join(known, ", ")
}

func stepText(o *outline, depth int, s *nameserver.Step) {
	head := s.Name + " " + s.Type + "  "
	switch s.Kind {
	case nameserver.StepGroup:
		notes := ""
		if s.Sticky {
			notes += ", sticky by network"
		}
		if s.FailOpen {
			notes += ", none is healthy: fail open"
		}
		o.line(depth, "%s%s, %s%s", head, s.Policy, counted(len(s.Candidates), "set"), notes)
		for _, c := range s.Candidates {
			candidateText(o, depth+1, c)
		}
	case nameserver.StepAlias:
		o.line(depth, "%salias to %s", head, s.Target)
	case nameserver.StepOutside:
		o.line(depth, "%salias to %s, outside", head, s.Target)
	case nameserver.StepCNAME:
		o.line(depth, "%sgoes on at %s", head, s.Target)
	case nameserver.StepRecords:
		o.line(depth, "%s%s", head, counted(s.Records, "record"))
	case nameserver.StepNothing:
		o.line(depth, "%snothing: %s", head, s.Reason)
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func candidateText(o *outline, depth int, c *nameserver.CandidateStep) {
	mark := "-"
	if c.Chosen {
		mark = ">"
	}
	parts := []string{}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if c.Place != "" {
		add("%s", c.Place)
	}
	if c.Weight != nil && c.Probability != nil {
		add("weight %d (%.1f %%)", *c.Weight, *c.Probability*100)
	}
	if c.LatencyMillis != nil {
		if c.LatencySource == "unknown" {
			add("latency unknown")
		} else {
			add("%.1f ms by %s", *c.LatencyMillis, c.LatencySource)
		}
	}
	if c.Kilometers != nil && c.BiasedKilometers != nil && c.Bias != nil {
		add("%.0f km", *c.Kilometers)
		if *c.Bias != 0 {
			add("with bias %d %.0f km", *c.Bias, *c.BiasedKilometers)
		}
	}
	if !c.Applies {
		add("does not apply")
	}
	add("%s", healthText(&c.HealthStep))
	o.line(depth, "%s %s: %s; %s", mark, strconv.Quote(c.SetIdentifier), strings.Join(parts, ", "), c.Answers)
	targetText(o, depth+2, c.Target)
}

func healthText(h *nameserver.HealthStep) string {
	text := "unhealthy"
	if h.Healthy {
		text = "healthy"
	}
	switch {
	case h.Check == "" && h.Target == nil:
		return text + " (no check)"
	case h.Check != "" && h.CheckHealthy != nil && !*h.CheckHealthy:
		return text + " (check " + h.Check + " fails)"
	case h.Check != "":
		return text + " (check " + h.Check + " passes)"
	}
	return text
}

func targetText(o *outline, depth int, t *nameserver.TargetStep) {
	if t == nil {
		return
	}
	state := "unhealthy"
	if t.Healthy {
		state = "healthy"
	}
	if t.Missing {
		state = "does not exist"
	}
	o.line(depth, "target %s: %s", t.Name, state)
	for i := range t.Members {
		m := &t.Members[i]
		o.line(depth+1, "%s: %s", strconv.Quote(m.SetIdentifier), healthText(&m.HealthStep))
		targetText(o, depth+2, m.Target)
	}
	targetText(o, depth+1, t.Target)
}
