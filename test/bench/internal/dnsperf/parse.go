package dnsperf

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// parse reads what dnsperf prints: with -v a line per response
//
//	> NOERROR www.example A 0.000144
//	> T www.example A
//
// and at the end the statistics, a heading and a value to a line.
func parse(in *bufio.Reader, latencies bool) (*Result, error) {
	p := parser{result: &Result{Rcodes: map[string]int{}}}
	for {
		line, err := in.ReadString('\n')
		if len(line) > 0 {
			if err := p.line(strings.TrimSpace(line), latencies); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
		}
		switch {
		case err == io.EOF && !p.finished:
			return nil, fmt.Errorf("statistics are missing")
		case err == io.EOF:
			return p.result, nil
		case err != nil:
			return nil, err
		}
	}
}

type parser struct {
	result     *Result
	statistics bool // we are in the first block of statistics
	finished   bool // it had the line that is always there
}

func (p *parser) line(line string, latencies bool) error {
	switch {
	case strings.HasPrefix(line, "> "):
		if latencies {
			return p.response(line)
		}
	case line == "Statistics:":
		p.statistics = true
	case line == "Connection Statistics:": // it has latencies too, of connecting
		p.statistics = false
	case strings.HasPrefix(line, "Reconnections:"):
		return number(&p.result.Reconnections, strings.TrimPrefix(line, "Reconnections:"))
	case p.statistics:
		if heading, value, ok := strings.Cut(line, ":"); ok {
			return p.statistic(heading, strings.TrimSpace(value))
		}
	}
	return nil
}

func (p *parser) response(line string) error {
	fields := strings.Fields(line)
	switch fields[1] {
	case "T":
		p.result.Latencies = append(p.result.Latencies, Timeout)
		return nil
	case "I": // dnsperf was stopped before the answer could come
		return nil
	}
	latency, err := seconds(fields[len(fields)-1])
	if err != nil {
		return err
	}
	p.result.Latencies = append(p.result.Latencies, latency)
	return nil
}

func (p *parser) statistic(heading, value string) error {
	r := p.result
	switch heading {
	case "Queries sent":
		return number(&r.Sent, value)
	case "Queries completed":
		return number(&r.Completed, value)
	case "Queries lost":
		return number(&r.Lost, value)
	case "Queries per second":
		qps, err := strconv.ParseFloat(value, 64)
		r.QPS, p.finished = qps, true
		return err
	case "Response codes":
		return p.rcodes(value)
	case "Average packet size":
		_, err := fmt.Sscanf(value, "request %d, response %d", &r.RequestSize, &r.ResponseSize)
		return err
	case "Average Latency (s)":
		return p.latency(value)
	}
	return nil
}

// rcodes reads "NOERROR 246599 (90.00%), NXDOMAIN 24662 (10.00%)".
func (p *parser) rcodes(value string) error {
	if value == "" {
		return nil // nothing was answered
	}
	for part := range strings.SplitSeq(value, ", ") {
		fields := strings.Fields(part)
		if len(fields) < 2 {
			return fmt.Errorf("response code %q has no count", part)
		}
		var count int
		if err := number(&count, fields[1]); err != nil {
			return err
		}
		p.result.Rcodes[fields[0]] = count
	}
	return nil
}

// latency reads "0.000537 (min 0.000025, max 0.032208)".
func (p *parser) latency(value string) (err error) {
	mean, rest, _ := strings.Cut(value, " ")
	if p.result.Mean, err = seconds(mean); err != nil {
		return err
	}
	_, most, found := strings.Cut(rest, "max ")
	if !found {
		return fmt.Errorf("no maximum")
	}
	p.result.Max, err = seconds(strings.TrimSuffix(most, ")"))
	return err
}

// number reads the count that text begins with.
func number(to *int, text string) error {
	text, _, _ = strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.Atoi(text)
	*to = n
	return err
}

// seconds reads "0.000144" without rounding.
func seconds(text string) (time.Duration, error) {
	whole, micros, ok := strings.Cut(text, ".")
	s, err := strconv.ParseUint(whole, 10, 31)
	if err != nil || !ok || len(micros) != 6 {
		return 0, fmt.Errorf("%q is no time in seconds with six decimals", text)
	}
	us, err := strconv.ParseUint(micros, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is no time in seconds with six decimals", text)
	}
	return time.Duration(s)*time.Second + time.Duration(us)*time.Microsecond, nil
}
