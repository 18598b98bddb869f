package cloudwatch

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"open53/internal/access"
	"open53/internal/cloudwatch/wire"
)

// call is one request on its way.
type call struct {
	region string
	actor  string
}

// operation is one operation of the API.
type operation struct {
	// ownErrors: violations of the model are InvalidParameterValue and
	// MissingParameter, which its model names, rather than ValidationError.
	ownErrors bool
	input     func() any
	run       func(s *Service, ctx context.Context, c *call, input any) (output any, err error)
}

// op makes an operation of a method.
func op[I any](ownErrors bool, f func(s *Service, ctx context.Context, c *call, in *I) (any, error)) operation {
	return operation{
		ownErrors: ownErrors,
		input:     func() any { return new(I) },
		run: func(s *Service, ctx context.Context, c *call, input any) (any, error) {
			return f(s, ctx, c, input.(*I))
		},
	}
}

var operations = map[string]operation{
	"PutMetricData":           op(true, (*Service).putMetricData),
	"GetMetricStatistics":     op(true, (*Service).getMetricStatistics),
	"GetMetricData":           op(false, (*Service).getMetricData),
	"ListMetrics":             op(true, (*Service).listMetrics),
	"PutMetricAlarm":          op(false, (*Service).putMetricAlarm),
	"DescribeAlarms":          op(false, (*Service).describeAlarms),
	"DescribeAlarmsForMetric": op(false, (*Service).describeAlarmsForMetric),
	"DescribeAlarmHistory":    op(false, (*Service).describeAlarmHistory),
	"DeleteAlarms":            op(false, (*Service).deleteAlarms),
	"SetAlarmState":           op(false, (*Service).setAlarmState),
	"EnableAlarmActions":      op(false, (*Service).enableAlarmActions),
	"DisableAlarmActions":     op(false, (*Service).disableAlarmActions),
	"ListTagsForResource":     op(true, (*Service).listTagsForResource),
	"TagResource":             op(true, (*Service).tagResource),
	"UntagResource":           op(true, (*Service).untagResource),
}

// unbuilt are the operations that CloudWatch has and open53 does not.
var unbuilt = []string{
	"DeleteAlarmMuteRule", "DeleteAnomalyDetector", "DeleteDashboards", "DeleteInsightRules", "DeleteMetricStream",
	"DescribeAlarmContributors", "DescribeAnomalyDetectors", "DescribeInsightRules", "DisableInsightRules",
	"EnableInsightRules", "GetAlarmMuteRule", "GetDashboard", "GetInsightRuleReport", "GetMetricStream",
	"GetMetricWidgetImage", "GetOTelEnrichment", "ListAlarmMuteRules", "ListDashboards", "ListManagedInsightRules",
	"ListMetricStreams", "PutAlarmMuteRule", "PutAnomalyDetector", "PutCompositeAlarm", "PutDashboard", "PutInsightRule",
	"PutManagedInsightRules", "PutMetricStream", "StartMetricStreams", "StartOTelEnrichment", "StopMetricStreams",
	"StopOTelEnrichment",
}

// Handler answers authenticated requests: their context holds an
// access.Request.
func (s *Service) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	request := access.RequestFrom(r.Context())
	q, err := Wire.Read(r, request.Body)
	var output any
	if err == nil {
		output, err = s.perform(r.Context(), request, &q)
	}
	if err == nil {
		if err = Wire.Write(w, &q, request.ID, output); err == nil {
			return
		}
	}
	e, known := wireError(err)
	if !known && r.Context().Err() == nil {
		s.config.Log.Error("operation failed", "operation", q.Operation, "request_id", request.ID, "error", err)
	}
	Wire.WriteError(w, q.Protocol, request.ID, e)
}

// perform carries out the operation of a request.
func (s *Service) perform(ctx context.Context, request *access.Request, q *wire.Request) (output any, err error) {
	o, built := operations[q.Operation]
	if !built && !slices.Contains(unbuilt, q.Operation) {
		return nil, unknownOperation(q.Operation)
	}
	if err := request.Caller.Authorize("cloudwatch:" + q.Operation); err != nil {
		return nil, err
	}
	if !built {
		return nil, notImplemented(q.Operation)
	}
	input := o.input()
	if err := q.Decode(input); err != nil {
		return nil, err
	}
	if found := wire.Check(input); len(found) > 0 {
		return nil, violation(found, o.ownErrors)
	}
	if request.Region == "" || strings.Trim(request.Region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return nil, validation("The region %.100q of the credentials is not valid.", request.Region)
	}
	defer func() {
		if v := recover(); v != nil {
			output, err = nil, fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return o.run(s, ctx, &call{region: request.Region, actor: request.Caller.AccessKeyID}, input)
}
