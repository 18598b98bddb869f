package cloudwatch

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"open53/internal/cloudwatch/wire"
)

// serviceModel is what CloudWatch's own model says of the operations here.
type serviceModel struct {
	All        []string `json:"all"`
	Operations map[string]struct {
		Input, Output string
		Errors        []string
	}
	Shapes map[string]*modelShape
}

type modelShape struct {
	Type     string
	Required []string
	Min, Max *int64
	Enum     []string
	Members  map[string]string
	Member   string
	Key      string
	Value    string
	Error    struct {
		Code           string `json:"code"`
		HTTPStatusCode int    `json:"httpStatusCode"`
	}
}

func readModel(t *testing.T) *serviceModel {
	t.Helper()
	b, err := os.ReadFile("testdata/model.json")
	if err != nil {
		t.Fatal(err)
	}
	m := new(serviceModel)
	if err := json.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// leftOut are members that open53 does not read or write.
var leftOut = []string{
	"EntityMetricData.Entity", "PutMetricDataInput.StrictEntityValidation", "GetMetricDataInput.LabelOptions",
	"MetricDataResult.Messages", "ListMetricsOutput.OwningAccounts", "EvaluationCriteria.PromQLCriteria",
	"MetricAlarm.Metrics", "MetricAlarm.ThresholdMetricId", "MetricAlarm.EvaluationState", "MetricAlarm.EvaluationCriteria",
	"MetricAlarm.EvaluationInterval", "AlarmHistoryItem.AlarmContributorId", "AlarmHistoryItem.AlarmContributorAttributes",
}

// mayBeEmpty are required members that may be an empty text, which Check
// cannot tell from none.
var mayBeEmpty = []string{"Tag.Value", "SetAlarmStateInput.StateReason"}

// TestShapesAreTheModels: each struct has the members of its shape, no others,
// with their types and constraints.
func TestShapesAreTheModels(t *testing.T) {
	m := readModel(t)
	for name, o := range operations {
		described, ok := m.Operations[name]
		if !ok {
			t.Errorf("%s is not in the model", name)
			continue
		}
		m.compareStruct(t, described.Input, reflect.TypeOf(o.input()).Elem(), map[string]bool{})
	}
	for shape, output := range map[string]any{
		"GetMetricStatisticsOutput": getMetricStatisticsOutput{}, "GetMetricDataOutput": getMetricDataOutput{},
		"ListMetricsOutput": listMetricsOutput{}, "DescribeAlarmsOutput": describeAlarmsOutput{},
		"DescribeAlarmsForMetricOutput": describeAlarmsForMetricOutput{}, "DescribeAlarmHistoryOutput": describeAlarmHistoryOutput{},
		"ListTagsForResourceOutput": listTagsForResourceOutput{}, "TagResourceOutput": empty{}, "UntagResourceOutput": empty{},
	} {
		m.compareStruct(t, shape, reflect.TypeOf(output), map[string]bool{"output": true})
	}
	var all []string
	for name := range operations {
		all = append(all, name)
	}
	all = append(all, unbuilt...)
	slices.Sort(all)
	if missing := slices.DeleteFunc(slices.Clone(m.All), func(o string) bool { return slices.Contains(all, o) }); len(missing) > 0 || len(all) != len(m.All) {
		t.Errorf("%d operations, the model has %d; missing: %v", len(all), len(m.All), missing)
	}
}

func (m *serviceModel) compareStruct(t *testing.T, shape string, typ reflect.Type, seen map[string]bool) {
	t.Helper()
	if typ == reflect.TypeFor[present]() || shape == "CompositeAlarm" || seen[shape] {
		return
	}
	seen[shape] = true
	described := m.Shapes[shape]
	have := map[string]bool{}
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		have[name] = true
		member, ok := described.Members[name]
		if !ok {
			t.Errorf("%s has no member %s", shape, name)
			continue
		}
		full := shape + "." + name
		required := strings.HasPrefix(f.Tag.Get("is"), "required")
		if wanted := slices.Contains(described.Required, name) && !slices.Contains(mayBeEmpty, full); required != wanted && !seen["output"] {
			t.Errorf("%s: required is %t, in the model %t", full, required, wanted)
		}
		m.compareMember(t, full, member, f.Type, f.Tag.Get("is"), seen)
	}
	for name := range described.Members {
		if !have[name] && !slices.Contains(leftOut, shape+"."+name) {
			t.Errorf("%s.%s is missing", shape, name)
		}
	}
}

var modelTypes = map[string]reflect.Type{
	"string": reflect.TypeFor[string](), "integer": reflect.TypeFor[int64](), "boolean": reflect.TypeFor[bool](),
	"double": reflect.TypeFor[wire.Double](), "timestamp": reflect.TypeFor[wire.Timestamp](),
}

func (m *serviceModel) compareMember(t *testing.T, full, shape string, typ reflect.Type, is string, seen map[string]bool) {
	t.Helper()
	described := m.Shapes[shape]
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch described.Type {
	case "structure":
		m.compareStruct(t, shape, typ, seen)
	case "list":
		if typ.Kind() != reflect.Slice {
			t.Errorf("%s: %v is no list", full, typ)
			return
		}
		m.compareMember(t, full+"[]", described.Member, typ.Elem(), eachOf(is), seen)
	case "map":
		if typ.Kind() != reflect.Map {
			t.Errorf("%s: %v is no map", full, typ)
		}
	default:
		if want := modelTypes[described.Type]; typ.Kind() != want.Kind() || typ.Kind() == reflect.Struct && typ != want {
			t.Errorf("%s is a %s, not a %v", full, described.Type, typ)
		}
	}
	// The limits of tag values are checked by hand, as they may be empty.
	if seen["output"] || full == "Tag.Value" {
		return
	}
	if want := bounds(described); want != boundsOf(is) && want != "0.." {
		t.Errorf("%s: bounds %q, in the model %q", full, boundsOf(is), want)
	}
	if len(described.Enum) > 0 {
		allowed := enumOf(typ, is)
		if len(allowed) != len(described.Enum) || slices.ContainsFunc(allowed, func(a string) bool { return !slices.Contains(described.Enum, a) }) {
			t.Errorf("%s: allowed are %v, in the model %v", full, allowed, described.Enum)
		}
	}
}

func bounds(s *modelShape) string {
	text := func(n *int64) string {
		if n == nil {
			return ""
		}
		return fmt.Sprint(*n)
	}
	if s.Min == nil && s.Max == nil {
		return ""
	}
	return text(s.Min) + ".." + text(s.Max)
}

func boundsOf(is string) string {
	for part := range strings.FieldsSeq(is) {
		if strings.Contains(part, "..") && !strings.Contains(part, "=") {
			return part
		}
	}
	return ""
}

// eachOf is the constraints of the members of a list.
func eachOf(is string) string {
	var each []string
	for part := range strings.FieldsSeq(is) {
		if rest, ok := strings.CutPrefix(part, "each="); ok {
			each = append(each, rest)
		}
		if strings.HasPrefix(part, "enum=") {
			each = append(each, part)
		}
	}
	return strings.Join(each, " ")
}

func enumOf(typ reflect.Type, is string) []string {
	if typ == reflect.TypeFor[unit]() {
		return units
	}
	for part := range strings.FieldsSeq(is) {
		if rest, ok := strings.CutPrefix(part, "enum="); ok {
			return strings.Split(rest, ",")
		}
	}
	return nil
}

// TestErrorsAreTheModels: codes, shapes and statuses.
func TestErrorsAreTheModels(t *testing.T) {
	m := readModel(t)
	for _, err := range []error{
		invalidValue(""), invalidCombination(""), missingParameter(""), invalidNextToken(), notFound(""), noResource(""),
		invalidFormat(""), errInternal,
	} {
		e := err.(*wire.Error) //nolint:errorlint // they are
		shape := e.Shape
		if shape == "" {
			shape = e.Code
		}
		described := m.Shapes[shape]
		if described == nil {
			t.Errorf("%s is not in the model", shape)
			continue
		}
		if described.Error.Code != e.Code || described.Error.HTTPStatusCode != e.Status {
			t.Errorf("%s: code %s and status %d, in the model %s and %d", shape, e.Code, e.Status, described.Error.Code, described.Error.HTTPStatusCode)
		}
	}
	for name, o := range operations {
		if own := slices.Contains(m.Operations[name].Errors, "InvalidParameterValueException"); own != o.ownErrors {
			t.Errorf("%s: ownErrors is %t", name, o.ownErrors)
		}
	}
}
