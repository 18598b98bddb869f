package cloudwatch

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/event"
	"open53/internal/metricstore"
	"open53/internal/store/memory"
)

func TestAlarmLife(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var heard []string
	f.OnAlarm(func(region, name string, s State) { heard = append(heard, region+" "+name+" "+string(s)) })
	f.do("PutMetricAlarm", alarmBody("a", ""))
	if s := f.state("a"); s != InsufficientData {
		t.Errorf("new: %s", s)
	}
	f.evaluateNow()
	if s := f.state("a"); s != InsufficientData {
		t.Errorf("without data: %s", s)
	}
	f.measure(1, 11)
	f.evaluateNow()
	if s := f.state("a"); s != Alarming {
		t.Errorf("over the threshold: %s", s)
	}
	f.now = f.now.Add(time.Minute)
	f.measure(1, 9)
	f.evaluateNow()
	if s := f.state("a"); s != OK {
		t.Errorf("below the threshold: %s", s)
	}
	f.do("PutMetricAlarm", alarmBody("a", `,"AlarmDescription":"d"`))
	if s := f.state("a"); s != OK {
		t.Errorf("new settings change the state to %s", s)
	}
	f.do("DeleteAlarms", `{"AlarmNames":["a"]}`)
	if _, ok := f.AlarmState("us-east-1", "a"); ok {
		t.Error("deleted alarm is there")
	}
	want := []string{"us-east-1 a ALARM", "us-east-1 a OK", "us-east-1 a INSUFFICIENT_DATA"}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Error(diff)
	}
	f.do("PutMetricAlarm", alarmBody("a", "")) // its stream of events goes on
	items := f.do("DescribeAlarmHistory", `{"AlarmName":"a","ScanBy":"TimestampAscending"}`)["AlarmHistoryItems"].([]any)
	var summaries []string
	for _, item := range items {
		summaries = append(summaries, item.(map[string]any)["HistorySummary"].(string))
	}
	want = []string{
		`Alarm "a" created`, "Alarm updated from INSUFFICIENT_DATA to ALARM", "Alarm updated from ALARM to OK",
		`Alarm "a" updated`, `Alarm "a" deleted`, `Alarm "a" created`,
	}
	if diff := cmp.Diff(want, summaries); diff != "" {
		t.Error(diff)
	}
	page := f.do("DescribeAlarmHistory", `{"AlarmName":"a","MaxRecords":4}`)
	rest := f.do("DescribeAlarmHistory", fmt.Sprintf(`{"AlarmName":"a","MaxRecords":4,"NextToken":%q}`, page["NextToken"]))
	if len(page["AlarmHistoryItems"].([]any)) != 4 || len(rest["AlarmHistoryItems"].([]any)) != 2 || rest["NextToken"] != nil {
		t.Errorf("pages %v %v", page, rest)
	}
	states := f.do("DescribeAlarmHistory", `{"AlarmName":"a","HistoryItemType":"StateUpdate"}`)
	if n := len(states["AlarmHistoryItems"].([]any)); n != 2 {
		t.Errorf("%d state updates", n)
	}
}

// TestQuietAlarmsMakeNoEvents: nothing is written unless a state changes.
func TestQuietAlarmsMakeNoEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a", ""))
	f.measure(1, 11)
	f.evaluateNow()
	before := f.store.Position()
	for range 5 {
		f.evaluateNow()
	}
	if after := f.store.Position(); after != before {
		t.Errorf("%d events", after-before)
	}
}

func TestSetAlarmStateLastsUntilEvaluation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a", ""))
	f.measure(1, 1)
	f.evaluateNow()
	f.do("SetAlarmState", `{"AlarmName":"a","StateValue":"ALARM","StateReason":"drill","StateReasonData":"{\"a\":1}"}`)
	a, _ := f.Alarm("us-east-1", "a")
	if a.State != Alarming || a.Reason != "drill" || a.ReasonData != `{"a":1}` {
		t.Errorf("%+v", a)
	}
	if s, _ := f.AlarmState("us-east-1", "a"); s != OK {
		t.Errorf("health checks hear of SetAlarmState: %s", s)
	}
	f.evaluateNow()
	if s := f.state("a"); s != OK {
		t.Errorf("after evaluation: %s", s)
	}
}

func TestIgnoredGapsKeepSetState(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a", `,"TreatMissingData":"ignore"`))
	f.do("SetAlarmState", `{"AlarmName":"a","StateValue":"ALARM","StateReason":""}`)
	f.evaluateNow()
	if s := f.state("a"); s != Alarming {
		t.Errorf("state %s", s)
	}
}

func TestAlarmsSurviveRestart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a", `,"AlarmActions":["arn:aws:sns:us-east-1:000000000000:hook"],"Dimensions":[{"Name":"b","Value":"2"},{"Name":"a","Value":"1"}],"Tags":[{"Key":"k","Value":""}],"Unit":"Count","DatapointsToAlarm":1,"TreatMissingData":"breaching"`))
	f.evaluateNow()
	before, _ := f.Alarm("us-east-1", "a")
	if before.State != Alarming {
		t.Fatalf("%+v", before)
	}
	f.restart()
	after, ok := f.Alarm("us-east-1", "a")
	if diff := cmp.Diff(before, after); !ok || diff != "" {
		t.Error(diff)
	}
	f.do("SetAlarmState", `{"AlarmName":"a","StateValue":"OK","StateReason":"r"}`)
	report, err := f.store.Verify(t.Context(), nil)
	if err != nil || len(report.Faults) > 0 {
		t.Errorf("%v %v", err, report.Faults)
	}
}

// TestRestartTurnsNoAlarm: what nobody was there to measure is not missing.
func TestRestartTurnsNoAlarm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, treat := range []string{"missing", "breaching"} {
		f.do("PutMetricAlarm", alarmBody(treat, `,"TreatMissingData":"`+treat+`"`))
	}
	f.measure(1, 1)
	f.evaluateNow()
	f.now = f.now.Add(time.Hour)
	f.restart()
	f.evaluateNow()
	f.now = f.now.Add(2 * time.Minute)
	f.evaluateNow()
	if a, b := f.state("missing"), f.state("breaching"); a != OK || b != OK {
		t.Errorf("after a restart: %s, %s", a, b)
	}
	f.now = f.now.Add(2 * time.Minute)
	f.evaluateNow()
	if a, b := f.state("missing"), f.state("breaching"); a != InsufficientData || b != Alarming {
		t.Errorf("when data could have come: %s, %s", a, b)
	}
	f.now = f.now.Add(time.Hour)
	f.restart()
	f.measure(1, 1)
	f.evaluateNow()
	if a, b := f.state("missing"), f.state("breaching"); a != OK || b != OK {
		t.Errorf("with data after a restart: %s, %s", a, b)
	}
}

func TestRegionsAreApart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a", ""))
	for _, region := range []string{"eu-west-1", "us-east", "us-east-11"} {
		if w := f.ask(region, "DescribeAlarms", "{}"); !strings.Contains(w.Body.String(), `"MetricAlarms":[]`) {
			t.Errorf("%s: %s", region, w.Body)
		}
		if w := f.ask(region, "PutMetricAlarm", alarmBody("a", "")); w.Code != 200 {
			t.Errorf("%s: %s", region, w.Body)
		}
	}
	f.do("PutMetricData", `{"Namespace":"N","MetricData":[{"MetricName":"m","Value":1}]}`)
	if w := f.ask("eu-west-1", "ListMetrics", "{}"); !strings.Contains(w.Body.String(), `"Metrics":[]`) {
		t.Errorf("%s", w.Body)
	}
	if w := f.ask("no/region", "ListMetrics", "{}"); w.Code != 400 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestDescribeAlarmsPagesAndFilters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var names []string
	for i := range 23 {
		name := fmt.Sprintf("%s-%02d/ü", []string{"web", "db"}[i%2], i)
		names = append(names, name)
		f.do("PutMetricAlarm", alarmBody(name, fmt.Sprintf(`,"OKActions":["arn:aws:sns:x:%d"]`, i%3)))
	}
	slices.Sort(names)
	f.do("SetAlarmState", `{"AlarmName":"web-00/ü","StateValue":"OK","StateReason":"r"}`)
	list := func(body string) (got []string, token any) {
		t.Helper()
		out := f.do("DescribeAlarms", body)
		for _, a := range out["MetricAlarms"].([]any) {
			got = append(got, a.(map[string]any)["AlarmName"].(string))
		}
		return got, out["NextToken"]
	}
	var all []string
	body := `{"MaxRecords":10}`
	for pages := 1; ; pages++ {
		got, token := list(body)
		all = append(all, got...)
		if token == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		body = fmt.Sprintf(`{"MaxRecords":10,"NextToken":%q}`, token)
	}
	if diff := cmp.Diff(names, all); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		body  string
		count int
	}{
		{`{}`, 23},
		{`{"AlarmNamePrefix":"web"}`, 12},
		{`{"AlarmNamePrefix":"we","MaxRecords":100,"StateValue":"OK"}`, 1},
		{`{"StateValue":"ALARM"}`, 0},
		{`{"ActionPrefix":"arn:aws:sns:x:2"}`, 7},
		{`{"AlarmNames":["db-01/ü","none","db-01/ü","web-00/ü"]}`, 2},
		{`{"AlarmNames":["db-01/ü"],"StateValue":"OK"}`, 0},
		{`{"AlarmTypes":["CompositeAlarm"]}`, 0},
		{`{"AlarmTypes":["MetricAlarm"],"AlarmNamePrefix":"x"}`, 0},
	} {
		if got, _ := list(tt.body); len(got) != tt.count {
			t.Errorf("%s: %v", tt.body, got)
		}
	}
	if got := f.do("DescribeAlarmsForMetric", `{"Namespace":"Test","MetricName":"m","Statistic":"Average"}`)["MetricAlarms"].([]any); len(got) != 23 {
		t.Errorf("%d alarms for the metric", len(got))
	}
	for _, more := range []string{`,"Statistic":"Sum"`, `,"Period":300`, `,"Dimensions":[{"Name":"a","Value":"b"}]`, `,"Unit":"Count"`} {
		if got := f.do("DescribeAlarmsForMetric", `{"Namespace":"Test","MetricName":"m"`+more+`}`)["MetricAlarms"].([]any); len(got) != 0 {
			t.Errorf("%s: %d alarms", more, len(got))
		}
	}
}

// TestAlarmReadsBack: what is not given is not there, as Terraform compares.
func TestAlarmReadsBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a", ""))
	read := func(name string) map[string]any {
		out := f.do("DescribeAlarms", `{"AlarmNames":["`+name+`"]}`)
		if diff := cmp.Diff([]any{}, out["CompositeAlarms"]); diff != "" {
			t.Error(diff)
		}
		return out["MetricAlarms"].([]any)[0].(map[string]any)
	}
	at := float64(evaluation.UnixMilli()) / 1000
	want := map[string]any{
		"AlarmName": "a", "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a", "ActionsEnabled": true,
		"OKActions": []any{}, "AlarmActions": []any{}, "InsufficientDataActions": []any{}, "Dimensions": []any{},
		"Namespace": "Test", "MetricName": "m", "Statistic": "Average", "Period": 60.0, "EvaluationPeriods": 1.0, "Threshold": 10.0,
		"ComparisonOperator": "GreaterThanThreshold", "StateValue": "INSUFFICIENT_DATA", "StateReason": "Unchecked: Initial alarm creation",
		"AlarmConfigurationUpdatedTimestamp": at, "StateUpdatedTimestamp": at, "StateTransitionedTimestamp": at,
	}
	if diff := cmp.Diff(want, read("a")); diff != "" {
		t.Error(diff)
	}
	f.do("PutMetricAlarm", strings.Replace(alarmBody("b", `,"ActionsEnabled":false,"ExtendedStatistic":"p99.5","EvaluateLowSampleCountPercentile":"ignore","TreatMissingData":"notBreaching","DatapointsToAlarm":1,"AlarmDescription":"d","Unit":"Percent","Dimensions":[{"Name":"z","Value":"1"},{"Name":"a","Value":"2"}],"OKActions":["arn:x"]`), `"Statistic":"Average",`, "", 1))
	more := map[string]any{
		"AlarmName": "b", "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:b", "ActionsEnabled": false, "ExtendedStatistic": "p99.5",
		"EvaluateLowSampleCountPercentile": "ignore", "TreatMissingData": "notBreaching", "DatapointsToAlarm": 1.0, "AlarmDescription": "d",
		"Unit": "Percent", "OKActions": []any{"arn:x"},
		"Dimensions": []any{map[string]any{"Name": "z", "Value": "1"}, map[string]any{"Name": "a", "Value": "2"}},
	}
	maps.Copy(want, more)
	delete(want, "Statistic")
	if diff := cmp.Diff(want, read("b")); diff != "" {
		t.Error(diff)
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.runSenders()
	hook := newReceiver(t, 1)
	f.do("PutMetricAlarm", alarmBody("a", fmt.Sprintf(`,"AlarmActions":[%q,"arn:aws:sns:unmapped"],"OKActions":[%[1]q],"InsufficientDataActions":[%[1]q],"Dimensions":[]`, hook.URL)))
	f.measure(1, 11)
	f.evaluateNow()
	got := hook.await(t, 1) // the first try failed
	if n := got[0]; n.NewStateValue != Alarming || n.OldStateValue != InsufficientData || n.AlarmName != "a" || n.Trigger.Threshold != 10 || n.Trigger.Statistic != "AVERAGE" {
		t.Errorf("%+v", n)
	}
	f.do("DisableAlarmActions", `{"AlarmNames":["a","none"]}`)
	f.do("SetAlarmState", `{"AlarmName":"a","StateValue":"OK","StateReason":"quiet"}`)
	f.do("EnableAlarmActions", `{"AlarmNames":["a"]}`)
	f.do("SetAlarmState", `{"AlarmName":"a","StateValue":"OK","StateReason":"the same"}`)
	f.do("SetAlarmState", `{"AlarmName":"a","StateValue":"INSUFFICIENT_DATA","StateReason":"loud"}`)
	got = hook.await(t, 1)
	if n := got[1]; len(got) != 2 || n.NewStateValue != InsufficientData || n.OldStateValue != OK || n.NewStateReason != "loud" {
		t.Errorf("%+v", got)
	}
	if f.WebhooksLost() != 0 {
		t.Errorf("%d lost", f.WebhooksLost())
	}
}

func TestWebhookOfARN(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for action, want := range map[string]string{
		"http://a.example/x": "http://a.example/x", "https://a.example/": "https://a.example/",
		"arn:aws:sns:us-east-1:000000000000:hook": "http://mapped.example/", "arn:aws:sns:us-east-1:000000000000:other": "",
	} {
		if got := f.webhook(action); got != want {
			t.Errorf("%s: %q", action, got)
		}
	}
}

func TestWebhooksReachNoMetadata(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, url := range []string{"http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/"} {
		if final, err := f.senders.post(context.Background(), message{url: url}); err == nil || !final || !strings.Contains(err.Error(), errLinkLocal.Error()) {
			t.Errorf("%s: %t %v", url, final, err)
		}
	}
}

func TestFullSenderLosesAndCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range senderQueue + 3 {
		f.senders.queue(message{url: "http://a.example/", alarm: "a"})
	}
	if n := f.WebhooksLost(); n != 3 {
		t.Errorf("%d lost", n)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a:b", `,"Tags":[{"Key":"z","Value":"1"},{"Key":"a","Value":""}]`))
	f.do("PutMetricAlarm", alarmBody("a:b", `,"Tags":[{"Key":"ignored","Value":"1"}]`)) // as documented: of an update
	const arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a:b"
	f.do("TagResource", `{"ResourceARN":"`+arn+`","Tags":[{"Key":"z","Value":"2"},{"Key":"m","Value":"3"}]}`)
	f.do("UntagResource", `{"ResourceARN":"`+arn+`","TagKeys":["a","none"]}`)
	out := f.do("ListTagsForResource", `{"ResourceARN":"`+arn+`"}`)
	want := []any{map[string]any{"Key": "m", "Value": "3"}, map[string]any{"Key": "z", "Value": "2"}}
	if diff := cmp.Diff(want, out["Tags"]); diff != "" {
		t.Error(diff)
	}
	for arn, code := range map[string]string{
		arn + "x": "ResourceNotFoundException", "nonsense": "InvalidParameterValue",
		"arn:aws:cloudwatch:us-east-1:999999999999:alarm:a:b": "InvalidParameterValue",
	} {
		if got, text := f.refused("ListTagsForResource", `{"ResourceARN":"`+arn+`"}`); got != code {
			t.Errorf("%s: %s %s", arn, got, text)
		}
	}
}

// TestManyTurnsAtOnce: thousands of alarms change their state in one
// evaluation, in batches.
func TestManyTurnsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const alarms = 200
	for i := range alarms {
		f.do("PutMetricAlarm", alarmBody(fmt.Sprint("a", i), ""))
	}
	heard := 0
	f.OnAlarm(func(string, string, State) { heard++ })
	f.measure(1, 11)
	before := f.store.Position()
	f.evaluateNow()
	if heard != alarms || f.store.Position()-before != alarms {
		t.Errorf("%d heard, %d events", heard, f.store.Position()-before)
	}
	for i := range alarms {
		if s := f.state(fmt.Sprint("a", i)); s != Alarming {
			t.Fatalf("a%d: %s", i, s)
		}
	}
	view := f.store.View()
	defer view.Close()
	if n, err := view.Count(event.KindAlarm); err != nil || n != alarms {
		t.Errorf("%d alarms %v", n, err)
	}
}

// TestRunEvaluatesNewAlarms: Run takes up an alarm as soon as it is put.
func TestRunEvaluatesNewAlarms(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.measure(1, 11)
	heard := make(chan State, 1)
	f.OnAlarm(func(_, _ string, s State) { heard <- s })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	f.do("PutMetricAlarm", alarmBody("a", ""))
	select {
	case s := <-heard:
		if s != Alarming {
			t.Errorf("state %s", s)
		}
	case <-time.After(5 * time.Second):
		t.Error("not evaluated")
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// BenchmarkEvaluate evaluates alarms that do not change, an hour of data each.
func BenchmarkEvaluate(b *testing.B) {
	s, err := memory.Open()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	log := slog.New(slog.DiscardHandler)
	metrics := metricstore.New(metricstore.Options{Dir: b.TempDir(), Logger: log})
	defer metrics.Close()
	service, err := New(Config{Store: s, Metrics: metrics, AccountID: "0", Now: time.Now, Random: rand.Reader, Log: log})
	if err != nil {
		b.Fatal(err)
	}
	const alarms = 1000
	now := time.Now()
	for i := range alarms {
		m := metricstore.Metric{Region: "us-east-1", Namespace: "N", Name: "m", Dimensions: []metricstore.Dimension{{Name: "id", Value: fmt.Sprint(i)}}}
		var data []metricstore.Datum
		for age := 60; age > 0; age-- {
			data = append(data, metricstore.Datum{Metric: m, Sample: metricstore.Value(now.Add(-time.Duration(age)*time.Minute), 1)})
		}
		if err := metrics.Append(b.Context(), data); err != nil {
			b.Fatal(err)
		}
		key := alarmKey{"us-east-1", fmt.Sprint(i)}
		service.alarms[key] = &Alarm{
			Region: key.region, Name: key.name, Namespace: "N", Metric: "m", Dimensions: []AlarmDimension{{"id", key.name}},
			Statistic: average, Period: 60, EvaluationPeriods: 3, Threshold: 10, Comparison: "GreaterThanThreshold", State: OK, Evaluated: OK,
		}
	}
	for b.Loop() {
		service.evaluateAll(b.Context(), now, true)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/alarms, "µs/alarm")
	if s.Position() != 0 {
		b.Errorf("%d events", s.Position())
	}
}
