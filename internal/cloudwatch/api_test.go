package cloudwatch

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"open53/internal/access"
	"open53/internal/metricstore"
)

// at is a time so many minutes before the evaluation, as JSON has it.
func at(minutes int) string {
	return fmt.Sprint(evaluation.Add(-time.Duration(minutes) * time.Minute).Unix())
}

// window is the members of a request for the last ten minutes.
func window() string { return `"StartTime":` + at(10) + `,"EndTime":` + at(0) }

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricAlarm", alarmBody("a", ""))
	const (
		validationError = "ValidationError"
		value           = "InvalidParameterValue"
		combination     = "InvalidParameterCombination"
		missing         = "MissingParameter"
	)
	put := func(datum string) string { return `{"Namespace":"N","MetricData":[` + datum + `]}` }
	statistics := func(more string) string {
		return `{"Namespace":"N","MetricName":"m","Period":60,` + more + `}`
	}
	data := func(query string) string { return `{"MetricDataQueries":[` + query + `],` + window() + `}` }
	const stat = `"MetricStat":{"Metric":{"Namespace":"N","MetricName":"m"},"Period":60,"Stat":"Sum"}`
	alarm := func(old, replacement string) string {
		body := alarmBody("x", "")
		if !strings.Contains(body, old) {
			t.Fatalf("no %s in the request", old)
		}
		return strings.Replace(body, old, replacement, 1)
	}
	for _, tt := range []struct{ operation, body, code, text string }{
		{"PutMetricData", `{}`, missing, "The parameter Namespace is required."},
		{"PutMetricData", `{"Namespace":"N"}`, missing, "The parameter MetricData is required."},
		{"PutMetricData", `{"Namespace":":N","MetricData":[{"MetricName":"m","Value":1}]}`, value, "The value :N for parameter Namespace is invalid."},
		{"PutMetricData", `{"Namespace":"AWS/Route53","MetricData":[{"MetricName":"m","Value":1}]}`, value, "The value AWS/ for parameter Namespace is invalid."},
		{"PutMetricData", put(`{"Value":1}`), missing, "The parameter MetricData.member.1.MetricName is required."},
		{"PutMetricData", put(`{"MetricName":"m"}`), missing, "At least one of the parameters MetricData.member.1.Value,"},
		{"PutMetricData", put(`{"MetricName":"m","Value":1,"Values":[1]}`), combination, "MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive"},
		{"PutMetricData", put(`{"MetricName":"m","Values":[1,2],"Counts":[1]}`), value, "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size."},
		{"PutMetricData", put(`{"MetricName":"m","Values":[1],"Counts":[0]}`), value, "The value 0 for parameter MetricData.member.1.Counts is invalid."},
		{"PutMetricData", put(`{"MetricName":"m","Value":"NaN"}`), value, "The value NaN for parameter MetricData.member.1.Value is invalid."},
		{"PutMetricData", put(`{"MetricName":"m","Value":1e109}`), value, "The value 1e+109 for parameter MetricData.member.1.Value is invalid."},
		{"PutMetricData", put(`{"MetricName":"m","Value":1,"Unit":"Miles"}`), value, "enum value set: [Seconds,"},
		{"PutMetricData", put(`{"MetricName":"m","Value":1,"StorageResolution":5}`), value, "Valid values are 1 and 60."},
		{"PutMetricData", put(`{"MetricName":"m","Value":1,"Timestamp":` + at(14*24*60+1) + `}`), value, "no more than two weeks in the past."},
		{"PutMetricData", put(`{"MetricName":"m","Value":1,"Timestamp":` + at(-121) + `}`), value, "no more than two hours in the future."},
		{"PutMetricData", put(`{"MetricName":"m","Value":1,"Dimensions":[{"Name":"a","Value":"1"},{"Name":"a","Value":"2"}]}`), value, "Dimensions.member.2.Name is invalid."},
		{"PutMetricData", put(`{"MetricName":"m","Value":1,"Dimensions":[{"Name":"a"}]}`), missing, "The parameter MetricData.member.1.Dimensions.member.1.Value is required."},
		{"PutMetricData", put(`{"MetricName":"m","StatisticValues":{"Sum":1,"SampleCount":1,"Minimum":2}}`), missing, "The parameter MetricData.member.1.StatisticValues.Maximum is required."},
		{"PutMetricData", put(`{"MetricName":"m","StatisticValues":{"Sum":1,"SampleCount":1,"Minimum":2,"Maximum":1}}`), combination, "Maximum must be greater than"},
		{"PutMetricData", put(strings.TrimSuffix(strings.Repeat(`{"MetricName":"m","Value":1},`, 1001), ",")), value, "must not have a size greater than 1000."},
		{"PutMetricData", put(`{"MetricName":"m","Values":[` + strings.Repeat("1,", 150) + `1]}`), value, "must not have a size greater than 150."},
		{"PutMetricData", put(`{"MetricName":"` + strings.Repeat("m", 256) + `","Value":1}`), value, "length less than or equal to 255"},

		{"GetMetricStatistics", `{"Namespace":"N","MetricName":"m","Statistics":["Sum"],` + window() + `}`, missing, "The parameter Period is required."},
		{"GetMetricStatistics", statistics(window()), combination, "Must specify either Statistics or ExtendedStatistics"},
		{"GetMetricStatistics", statistics(`"Statistics":["Sum"],"ExtendedStatistics":["p1"],` + window()), combination, "mutually exclusive"},
		{"GetMetricStatistics", statistics(`"Statistics":["Mean"],` + window()), value, "enum value set"},
		{"GetMetricStatistics", statistics(`"ExtendedStatistics":["p101"],` + window()), value, "The value p101 for parameter ExtendedStatistics.member.1 is not supported."},
		{"GetMetricStatistics", statistics(`"Statistics":["Sum"],"StartTime":` + at(0) + `,"EndTime":` + at(0)), value, "The parameter StartTime must be less than the parameter EndTime."},
		{"GetMetricStatistics", statistics(`"Statistics":["Sum"],"StartTime":` + at(2880) + `,"EndTime":` + at(0)), combination, "You have requested up to 2,880 datapoints, which exceeds the limit of 1,440."},
		{"GetMetricStatistics", strings.Replace(statistics(`"Statistics":["Sum"],`+window()), "60", "61", 1), value, "The parameter Period must be"},

		{"GetMetricData", data(`{"Id":"a","Expression":"m1*2"}`), validationError, "Metric math (MetricDataQueries.member.1.Expression) is not supported by open53."},
		{"GetMetricData", data(`{"Id":"A",` + stat + `}`), validationError, "expected pattern"},
		{"GetMetricData", data(`{"Id":"a",` + stat + `},{"Id":"a",` + stat + `}`), validationError, "not unique"},
		{"GetMetricData", data(`{"Id":"a"}`), validationError, "MetricDataQueries.member.1.MetricStat is required."},
		{"GetMetricData", data(`{"Id":"a",` + strings.Replace(stat, "Sum", "tm90", 1) + `}`), validationError, "The value tm90"},
		{"GetMetricData", `{"MetricDataQueries":[{"Id":"a",` + stat + `}],"StartTime":` + at(0) + `,"EndTime":` + at(1) + `}`, validationError, "EndTime must be greater than StartTime"},
		{"GetMetricData", `{"NextToken":"x","MetricDataQueries":[{"Id":"a",` + stat + `}],` + window() + `}`, "InvalidNextToken", ""},
		{"ListMetrics", `{"NextToken":"%"}`, value, "NextToken is invalid"},
		{"ListMetrics", `{"RecentlyActive":"PT1H"}`, value, "enum value set: [PT3H]"},

		{"PutMetricAlarm", `{}`, validationError, "1 validation error detected: Value null at 'alarmName' failed to satisfy constraint: Member must not be null"},
		{"PutMetricAlarm", alarm(`"Period":60`, `"Period":45`), validationError, "Period must be 10, 20, 30 or a multiple of 60"},
		{"PutMetricAlarm", alarm(`"EvaluationPeriods":1`, `"EvaluationPeriods":1441`), validationError, "Metrics cannot be checked across more than a day"},
		{"PutMetricAlarm", alarm(`"EvaluationPeriods":1`, `"EvaluationPeriods":9223372036854775807`), validationError, "Metrics cannot be checked across more than a day"},
		{"PutMetricAlarm", alarm(`"Period":60,"EvaluationPeriods":1`, `"Period":86400,"EvaluationPeriods":8`), validationError, "Metrics cannot be checked across more than a week"},
		{"PutMetricAlarm", alarm(`"EvaluationPeriods":1`, `"EvaluationPeriods":1,"DatapointsToAlarm":2`), validationError, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"},
		{"PutMetricAlarm", alarm(`"Statistic":"Average",`, ``), validationError, "Must specify either Statistic or ExtendedStatistic"},
		{"PutMetricAlarm", alarm(`"Statistic":"Average",`, `"ExtendedStatistic":"IQM",`), validationError, "The value IQM for parameter ExtendedStatistic is not supported."},
		{"PutMetricAlarm", alarm(`"Threshold":10,`, ``), validationError, "The parameter Threshold is required."},
		{"PutMetricAlarm", alarm(`"MetricName":"m",`, ``), validationError, "The parameter MetricName is required."},
		{"PutMetricAlarm", alarmBody("x", `,"TreatMissingData":"no"`), validationError, "Supported values are [breaching, notBreaching, ignore, missing]."},
		{"PutMetricAlarm", alarmBody("x", `,"AlarmActions":["nonsense"]`), validationError, "Invalid arn syntax: nonsense"},
		{"PutMetricAlarm", alarmBody("x", `,"AlarmActions":["arn:1","arn:2","arn:3","arn:4","arn:5","arn:6"]`), validationError, "length less than or equal to 5"},
		{"PutMetricAlarm", alarmBody("x", `,"Metrics":[{"Id":"a"}]`), validationError, "An alarm on metric math (Metrics) is not supported by open53."},
		{"PutMetricAlarm", alarmBody("x", `,"ThresholdMetricId":"a"`), validationError, "An alarm on an anomaly detection band is not supported by open53."},
		{"PutMetricAlarm", alarm("GreaterThanThreshold", "GreaterThanUpperThreshold"), validationError, "An alarm on an anomaly detection band is not supported"},
		{"PutMetricAlarm", alarmBody("x", `,"EvaluationCriteria":{"PromQLCriteria":{"Query":"a"}}`), validationError, "PromQL"},
		{"PutMetricAlarm", alarmBody(`x\u0000`, ""), validationError, "must not contain control characters"},
		{"PutMetricAlarm", alarmBody(strings.Repeat("€", 255), "") /* 765 bytes */ + " ", "", ""},
		{"PutMetricAlarm", alarmBody(strings.Repeat("𝄞", 255), ""), validationError, "too long"},
		{"PutMetricAlarm", alarmBody("x", `,"Tags":[{"Key":"aws:x","Value":""}]`), value, "reserved"},

		{"DescribeAlarms", `{"AlarmNames":["a"],"AlarmNamePrefix":"a"}`, validationError, "mutually exclusive"},
		{"DescribeAlarms", `{"MaxRecords":101}`, validationError, "value less than or equal to 100"},
		{"DescribeAlarms", `{"NextToken":"x"}`, "InvalidNextToken", ""},
		{"DescribeAlarms", `{"StateValue":"BAD"}`, validationError, "Member must satisfy enum value set: [OK, ALARM, INSUFFICIENT_DATA]"},
		{"DescribeAlarms", `{"ChildrenOfAlarmName":"a"}`, validationError, "composite alarm"},
		{"DescribeAlarmHistory", `{"NextToken":"x"}`, "InvalidNextToken", ""},
		{"DeleteAlarms", `{"AlarmNames":["a","b","c"]}`, "ResourceNotFound", "Alarms not found: b, c"},
		{"SetAlarmState", `{"AlarmName":"b","StateValue":"OK","StateReason":"r"}`, "ResourceNotFound", "b"},
		{"SetAlarmState", `{"AlarmName":"a","StateValue":"OK","StateReason":"r","StateReasonData":"{"}`, "InvalidFormat", "JSON"},
		{"SetAlarmState", `{"AlarmName":"a","StateValue":"GOOD","StateReason":"r"}`, validationError, "stateValue"},
		{"TagResource", `{"ResourceARN":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:a","Tags":[{"Key":"k","Value":"1"},{"Key":"k","Value":"2"}]}`, value, "more than once"},
		{"UntagResource", `{"ResourceARN":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:b","TagKeys":["k"]}`, "ResourceNotFoundException", ""},

		{"PutCompositeAlarm", `{}`, "NotImplemented", "The operation PutCompositeAlarm is not implemented yet."},
		{"GetDashboard", `{}`, "NotImplemented", ""},
		{"MakeCoffee", `{}`, "InvalidAction", "Could not find operation MakeCoffee"},
		{"ListMetrics", `{`, "MalformedInput", ""},
	} {
		name := tt.operation + " " + tt.body
		t.Run(name[:min(len(name), 100)], func(t *testing.T) {
			if tt.code == "" {
				f.do(tt.operation, tt.body)
				return
			}
			code, text := f.refused(tt.operation, tt.body)
			if code != tt.code || !strings.Contains(text, tt.text) {
				t.Errorf("%s: %s\nwant %s: %s", code, text, tt.code, tt.text)
			}
		})
	}
	if _, ok := f.Alarm("us-east-1", "a"); !ok {
		t.Error("DeleteAlarms deleted some where one was missing")
	}
}

func TestStrictReservesAllNamespacesOfAmazon(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricData", `{"Namespace":"AWS/ELB","MetricData":[{"MetricName":"m","Value":1}]}`)
	f.config.Strict = true
	if code, _ := f.refused("PutMetricData", `{"Namespace":"AWS/ELB","MetricData":[{"MetricName":"m","Value":1}]}`); code != "InvalidParameterValue" {
		t.Errorf("%s", code)
	}
}

func TestPutAndRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.do("PutMetricData", `{"Namespace":"N","MetricData":[
		{"MetricName":"m","Value":2,"Timestamp":`+at(2)+`},
		{"MetricName":"m","Values":[1,4],"Counts":[3,1],"Timestamp":`+at(2)+`},
		{"MetricName":"m","StatisticValues":{"SampleCount":2,"Sum":30,"Minimum":10,"Maximum":20},"Timestamp":`+at(1)+`},
		{"MetricName":"m","Value":8,"Unit":"Count","Timestamp":`+at(1)+`}]}`)
	f.do("PutMetricData", `{"Namespace":"N","EntityMetricData":[{"Entity":{"KeyAttributes":{"Type":"Service","Name":"n"}},"MetricData":[{"MetricName":"m","Value":5}]}]}`)
	minute := func(age int) float64 {
		return float64(evaluation.Truncate(time.Minute).Add(-time.Duration(age) * time.Minute).Unix())
	}
	for _, tt := range []struct {
		name, more string
		want       []any
	}{
		{"all statistics", `"Period":60,"Statistics":["SampleCount","Sum","Average","Minimum","Maximum"],` + window(), []any{
			map[string]any{"Timestamp": minute(1), "Unit": "Count", "SampleCount": 1.0, "Sum": 8.0, "Average": 8.0, "Minimum": 8.0, "Maximum": 8.0},
			map[string]any{"Timestamp": minute(2), "Unit": "None", "SampleCount": 5.0, "Sum": 9.0, "Average": 1.8, "Minimum": 1.0, "Maximum": 4.0},
			map[string]any{"Timestamp": minute(1), "Unit": "None", "SampleCount": 2.0, "Sum": 30.0, "Average": 15.0, "Minimum": 10.0, "Maximum": 20.0},
		}},
		{"one unit", `"Period":60,"Statistics":["Sum"],"Unit":"Count",` + window(), []any{map[string]any{"Timestamp": minute(1), "Unit": "Count", "Sum": 8.0}}},
		{"percentiles, not of sets", `"Period":60,"ExtendedStatistics":["p50","p90"],"Unit":"None",` + window(), []any{
			map[string]any{"Timestamp": minute(2), "Unit": "None", "ExtendedStatistics": map[string]any{"p50": 1.0, "p90": 4.0}},
		}},
		{"now is there at once", `"Period":60,"Statistics":["Sum"],"StartTime":` + at(0) + `,"EndTime":` + at(-1), []any{
			map[string]any{"Timestamp": minute(0), "Unit": "None", "Sum": 5.0},
		}},
		{"five minutes", `"Period":300,"Statistics":["Sum"],"Unit":"None","StartTime":` + at(4) + `,"EndTime":` + at(-1), []any{
			map[string]any{"Timestamp": minute(4), "Unit": "None", "Sum": 44.0},
		}},
		{"another time", `"Period":60,"Statistics":["Sum"],"StartTime":` + at(100) + `,"EndTime":` + at(90), []any{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := f.do("GetMetricStatistics", `{"Namespace":"N","MetricName":"m",`+tt.more+`}`)
			if diff := cmp.Diff(map[string]any{"Label": "m", "Datapoints": tt.want}, out); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGetMetricDataPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for age := 1; age <= 7; age++ {
		f.measure(age, float64(age))
	}
	query := func(id, more string) string {
		return `{"Id":"` + id + `","MetricStat":{"Metric":{"Namespace":"Test","MetricName":"m"},"Period":60,"Stat":"Sum"}` + more + `}`
	}
	queries := `"MetricDataQueries":[` + query("a", "") + `,` + query("hidden", `,"ReturnData":false`) + `,` + query("b", `,"Label":"l"`) + `]`
	var got []string
	token := ""
	for range 10 {
		out := f.do("GetMetricData", `{`+queries+`,"MaxDatapoints":5,"ScanBy":"TimestampAscending",`+window()+token+`}`)
		page := ""
		for _, r := range out["MetricDataResults"].([]any) {
			r := r.(map[string]any)
			page += fmt.Sprint(r["Id"], r["Label"], r["Values"], r["StatusCode"], len(r["Timestamps"].([]any)), " ")
		}
		got = append(got, page)
		next, ok := out["NextToken"].(string)
		if !ok {
			break
		}
		token = `,"NextToken":"` + next + `"`
	}
	want := []string{
		"am[7 6 5 4 3]PartialData5 ", "am[2 1]Complete2 bl[7 6 5]PartialData3 ", "bl[4 3 2 1]Complete4 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	out := f.do("GetMetricData", `{`+queries+`,`+window()+`}`)
	first := out["MetricDataResults"].([]any)[0].(map[string]any)
	if diff := cmp.Diff([]any{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}, first["Values"]); diff != "" {
		t.Errorf("the newest is not first: %s", diff)
	}
}

func TestListMetricsPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var data []metricstore.Datum
	for i := range 1203 {
		data = append(data, metricstore.Datum{
			Metric: metricstore.Metric{Region: "us-east-1", Namespace: "N", Name: fmt.Sprintf("m%04d", i)}, Sample: metricstore.Value(f.now, 1),
		})
	}
	if err := f.metrics.Append(t.Context(), data); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	body, pages := `{}`, 0
	for body != "" {
		out := f.do("ListMetrics", body)
		pages++
		for _, m := range out["Metrics"].([]any) {
			seen[m.(map[string]any)["MetricName"].(string)] = true
		}
		body = ""
		if next, ok := out["NextToken"].(string); ok {
			body = `{"NextToken":"` + next + `"}`
		}
	}
	if pages != 3 || len(seen) != 1203 {
		t.Errorf("%d pages, %d metrics", pages, len(seen))
	}
	f.now = f.now.Add(4 * time.Hour)
	if n := len(f.do("ListMetrics", `{"RecentlyActive":"PT3H"}`)["Metrics"].([]any)); n != 0 {
		t.Errorf("%d metrics are recently active", n)
	}
	if n := len(f.do("ListMetrics", `{"MetricName":"m0001"}`)["Metrics"].([]any)); n != 1 {
		t.Errorf("%d metrics of one name", n)
	}
}

func TestQueryProtocol(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ask := func(form string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		w := f.serveRaw(r, "us-east-1", form+"&Version=2010-08-01")
		return w.Code, w.Body.String()
	}
	status, body := ask("Action=PutMetricAlarm&AlarmName=a&Namespace=Test&MetricName=m&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=0.5&ComparisonOperator=LessThanThreshold&AlarmActions.member.1=arn%3Ax&Dimensions.member.1.Name=d&Dimensions.member.1.Value=v%2B&OKActions=")
	if status != 200 || !strings.Contains(body, `<PutMetricAlarmResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ResponseMetadata><RequestId>request-id</RequestId></ResponseMetadata></PutMetricAlarmResponse>`) {
		t.Errorf("%d %s", status, body)
	}
	status, body = ask("Action=DescribeAlarms&AlarmNamePrefix=a&MaxRecords=1")
	var out struct {
		Alarms []struct {
			AlarmName  string
			Threshold  float64
			Actions    []string                       `xml:"AlarmActions>member"`
			Dimensions []struct{ Name, Value string } `xml:"Dimensions>member"`
			Updated    time.Time                      `xml:"StateUpdatedTimestamp"`
		} `xml:"DescribeAlarmsResult>MetricAlarms>member"`
	}
	if err := xml.Unmarshal([]byte(body), &out); err != nil || status != 200 || len(out.Alarms) != 1 {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if a := out.Alarms[0]; a.AlarmName != "a" || a.Threshold != 0.5 || a.Actions[0] != "arn:x" || a.Dimensions[0].Value != "v+" || !a.Updated.Equal(evaluation) {
		t.Errorf("%+v", a)
	}
	status, body = ask("Action=SetAlarmState&AlarmName=none&StateValue=OK&StateReason=r")
	if status != 404 || !strings.Contains(body, "<Type>Sender</Type><Code>ResourceNotFound</Code>") {
		t.Errorf("%d %s", status, body)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	reader := access.Caller{AccountID: "000000000000", ARN: "arn:aws:iam::000000000000:user/reader", AccessKeyID: "KEY", Actions: []string{"cloudwatch:Describe*"}}
	for operation, want := range map[string]int{"DescribeAlarms": 200, "DeleteAlarms": 403, "PutDashboard": 403, "MakeCoffee": 400} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+operation)
		w := f.serveAs(r, reader, "us-east-1", `{"AlarmNames":["a"]}`)
		if w.Code != want || want == 403 && w.Header().Get("X-Amzn-Query-Error") != "AccessDenied;Sender" {
			t.Errorf("%s: %d %s", operation, w.Code, w.Body)
		}
	}
}
