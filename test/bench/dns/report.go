package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"open53/test/bench/internal/report"
	"open53/test/bench/internal/zonedata"
)

// report prints the tables of the first part.
func (b *bench) report(all []*results, z zonedata.Zone) error {
	for i, l := range loads {
		b.printf("\n### %s: %s names, %s\n\n", l.title, report.Count(z.Names), l.mix)
		table := report.Table{Header: []string{"server", "CPU µs/query", "least–most", "of gdnsd", "of echo", "queries/s", "busy", "lost", "answer, B", "remarks"}}
		gdnsd, echo := perQuery(all, "gdnsd", i), perQuery(all, "echo", i)
		for _, r := range all {
			table.Add(append([]string{r.server.Name}, summary(r.loads[i], gdnsd, echo)...)...)
		}
		if _, err := table.WriteTo(b.out); err != nil {
			return err
		}
	}
	b.printf("\n### Start and memory: %s names\n\n", report.Count(z.Names))
	table := report.Table{Header: []string{"server", "first answer, s", "least–most", "PSS then, MiB", "PSS after load", "RSS after load"}}
	for _, r := range all {
		first := each(r.starts, func(s start) time.Duration { return s.first })
		table.Add(r.server.Name, report.Seconds(report.Median(first)), spread(first, report.Seconds),
			report.MiB(report.Median(each(r.starts, func(s start) int64 { return s.loaded.PSS }))),
			report.MiB(report.Median(each(r.starts, func(s start) int64 { return s.after.PSS }))),
			report.MiB(report.Median(each(r.starts, func(s start) int64 { return s.after.RSS }))))
	}
	_, err := table.WriteTo(b.out)
	return err
}

// summary is a row: medians over the rounds.
func summary(samples []*sample, gdnsd, echo time.Duration) []string {
	costs := each(samples, func(s *sample) time.Duration { return s.perQuery })
	cost := report.Median(costs)
	lost, sent := 0, 0
	for _, s := range samples {
		lost += s.lost
		sent += s.sent
	}
	return []string{
		report.Micros(cost), spread(costs, report.Micros), ratio(cost, gdnsd), ratio(cost, echo),
		report.Count(report.Median(each(samples, func(s *sample) float64 { return s.qps }))),
		fmt.Sprintf("%.0f %%", 100*report.Median(each(samples, func(s *sample) float64 { return s.busy }))),
		fmt.Sprintf("%d of %s", lost, report.Count(sent)),
		fmt.Sprint(report.Median(each(samples, func(s *sample) int { return s.size }))),
		remarks(samples),
	}
}

// remarks are the problems of all rounds.
func remarks(samples []*sample) string {
	var list []string
	for _, s := range samples {
		if s.problem != "" && !slices.Contains(list, s.problem) {
			list = append(list, s.problem)
		}
	}
	return strings.Join(list, "; ")
}

// perQuery is the median cost of a server under load number i; 0 if it is not
// among those measured.
func perQuery(all []*results, name string, i int) time.Duration {
	for _, r := range all {
		if r.server.Name == name {
			return report.Median(each(r.loads[i], func(s *sample) time.Duration { return s.perQuery }))
		}
	}
	return 0
}

func ratio(a, b time.Duration) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f×", float64(a)/float64(b))
}

// spread shows the extremes of what a median is of.
func spread(values []time.Duration, format func(time.Duration) string) string {
	if len(values) == 0 {
		return ""
	}
	least, most := values[0], values[0]
	for _, v := range values {
		least, most = min(least, v), max(most, v)
	}
	return format(least) + "–" + format(most)
}

func each[T, V any](list []T, value func(T) V) []V {
	values := make([]V, len(list))
	for i, item := range list {
		values[i] = value(item)
	}
	return values
}
