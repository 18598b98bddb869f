package cloudwatch

import "open53/internal/cloudwatch/wire"

// The shapes of the requests. A test compares them with the service's model.

// unit is what is measured in.
type unit string

// Enum lists the units there are.
func (unit) Enum() []string { return units }

var units = []string{
	"Seconds", "Microseconds", "Milliseconds",
	"Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
	"Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count",
	"Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second",
	"Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second",
	"Count/Second", "None",
}

type dimension struct {
	Name  string `is:"required 1..255"`
	Value string `is:"required 1..1024"`
}

type metric struct {
	Namespace  string      `json:",omitempty" is:"1..255"`
	MetricName string      `json:",omitempty" is:"1..255"`
	Dimensions []dimension `is:"..30"`
}

type statisticSet struct {
	SampleCount *wire.Double `is:"required"`
	Sum         *wire.Double `is:"required"`
	Minimum     *wire.Double `is:"required"`
	Maximum     *wire.Double `is:"required"`
}

type metricDatum struct {
	MetricName        string      `is:"required 1..255"`
	Dimensions        []dimension `is:"..30"`
	Timestamp         *wire.Timestamp
	Value             *wire.Double
	StatisticValues   *statisticSet
	Values            []wire.Double
	Counts            []wire.Double
	Unit              unit
	StorageResolution *int64 `is:"1.."`
}

// entityMetricData is data with what they are about, which is not kept.
type entityMetricData struct {
	MetricData []metricDatum
}

type putMetricDataInput struct {
	Namespace        string `is:"required 1..255"`
	MetricData       []metricDatum
	EntityMetricData []entityMetricData
}

type getMetricStatisticsInput struct {
	Namespace          string          `is:"required 1..255"`
	MetricName         string          `is:"required 1..255"`
	Dimensions         []dimension     `is:"..30"`
	StartTime          *wire.Timestamp `is:"required"`
	EndTime            *wire.Timestamp `is:"required"`
	Period             *int64          `is:"required 1.."`
	Statistics         []string        `is:"1..5 enum=SampleCount,Average,Sum,Minimum,Maximum"`
	ExtendedStatistics []string        `is:"1..10"`
	Unit               unit
}

type datapoint struct {
	Timestamp          *wire.Timestamp
	SampleCount        *wire.Double           `json:",omitempty"`
	Average            *wire.Double           `json:",omitempty"`
	Sum                *wire.Double           `json:",omitempty"`
	Minimum            *wire.Double           `json:",omitempty"`
	Maximum            *wire.Double           `json:",omitempty"`
	Unit               unit                   `json:",omitempty"`
	ExtendedStatistics map[string]wire.Double `json:",omitempty"`
}

type getMetricStatisticsOutput struct {
	Label      string
	Datapoints []datapoint
}

type metricStat struct {
	Metric *metric `is:"required"`
	Period *int64  `is:"required 1.."`
	Stat   string  `is:"required"`
	Unit   unit    `json:",omitempty"`
}

type metricDataQuery struct {
	ID         string `json:"Id" is:"required 1..255"`
	MetricStat *metricStat
	Expression string `is:"1..2048"`
	Label      string
	ReturnData *bool
	Period     *int64 `is:"1.."`
	AccountID  string `json:"AccountId" is:"1..255"`
}

type getMetricDataInput struct {
	MetricDataQueries []metricDataQuery `is:"required"`
	StartTime         *wire.Timestamp   `is:"required"`
	EndTime           *wire.Timestamp   `is:"required"`
	NextToken         string
	ScanBy            string `is:"enum=TimestampDescending,TimestampAscending"`
	MaxDatapoints     *int64
}

type messageData struct {
	Code  string
	Value string
}

type metricDataResult struct {
	ID         string `json:"Id"`
	Label      string
	Timestamps []wire.Timestamp
	Values     []wire.Double
	StatusCode string
}

type getMetricDataOutput struct {
	MetricDataResults []metricDataResult
	NextToken         string `json:",omitempty"`
	Messages          []messageData
}

type dimensionFilter struct {
	Name  string `is:"required 1..255"`
	Value string `is:"1..1024"`
}

type listMetricsInput struct {
	Namespace             string            `is:"1..255"`
	MetricName            string            `is:"1..255"`
	Dimensions            []dimensionFilter `is:"..10"`
	NextToken             string
	RecentlyActive        string `is:"enum=PT3H"`
	IncludeLinkedAccounts *bool
	OwningAccount         string `is:"1..255"`
}

type listMetricsOutput struct {
	Metrics   []metric
	NextToken string `json:",omitempty"`
}

type tag struct {
	Key   string `is:"required 1..128"`
	Value string // required by the model, but may be empty
}

// present is a structure of which it only matters whether it is there.
type present struct{}

type putMetricAlarmInput struct {
	AlarmName                        string `is:"required 1..255"`
	AlarmDescription                 string `is:"0..1024"`
	ActionsEnabled                   *bool
	OKActions                        []string `is:"..5 each=1..1024"`
	AlarmActions                     []string `is:"..5 each=1..1024"`
	InsufficientDataActions          []string `is:"..5 each=1..1024"`
	MetricName                       string   `is:"1..255"`
	Namespace                        string   `is:"1..255"`
	Statistic                        string   `is:"enum=SampleCount,Average,Sum,Minimum,Maximum"`
	ExtendedStatistic                string
	Dimensions                       []dimension `is:"..30"`
	Period                           *int64      `is:"1.."`
	Unit                             unit
	EvaluationPeriods                *int64 `is:"1.."`
	DatapointsToAlarm                *int64 `is:"1.."`
	Threshold                        *wire.Double
	ComparisonOperator               string `is:"enum=GreaterThanOrEqualToThreshold,GreaterThanThreshold,LessThanThreshold,LessThanOrEqualToThreshold,LessThanLowerOrGreaterThanUpperThreshold,LessThanLowerThreshold,GreaterThanUpperThreshold"`
	TreatMissingData                 string `is:"1..255"`
	EvaluateLowSampleCountPercentile string `is:"1..255"`
	Metrics                          []metricDataQuery
	Tags                             []tag
	ThresholdMetricID                string `json:"ThresholdMetricId" is:"1..255"`
	EvaluationCriteria               *present
	EvaluationInterval               *int64 `is:"10..3600"`
}

type describeAlarmsInput struct {
	AlarmNames          []string `is:"..100 each=1..255"`
	AlarmNamePrefix     string   `is:"1..255"`
	AlarmTypes          []string `is:"enum=CompositeAlarm,MetricAlarm"`
	ChildrenOfAlarmName string   `is:"1..255"`
	ParentsOfAlarmName  string   `is:"1..255"`
	StateValue          string   `is:"enum=OK,ALARM,INSUFFICIENT_DATA"`
	ActionPrefix        string   `is:"1..1024"`
	MaxRecords          *int64   `is:"1..100"`
	NextToken           string
}

type metricAlarm struct {
	AlarmName                          string
	AlarmARN                           string `json:"AlarmArn"`
	AlarmDescription                   string `json:",omitempty"`
	AlarmConfigurationUpdatedTimestamp *wire.Timestamp
	ActionsEnabled                     *bool
	OKActions                          []string
	AlarmActions                       []string
	InsufficientDataActions            []string
	StateValue                         string
	StateReason                        string
	StateReasonData                    string `json:",omitempty"`
	StateUpdatedTimestamp              *wire.Timestamp
	MetricName                         string
	Namespace                          string
	Statistic                          string `json:",omitempty"`
	ExtendedStatistic                  string `json:",omitempty"`
	Dimensions                         []dimension
	Period                             *int64
	Unit                               unit `json:",omitempty"`
	EvaluationPeriods                  *int64
	DatapointsToAlarm                  *int64 `json:",omitempty"`
	Threshold                          *wire.Double
	ComparisonOperator                 string
	TreatMissingData                   string          `json:",omitempty"`
	EvaluateLowSampleCountPercentile   string          `json:",omitempty"`
	StateTransitionedTimestamp         *wire.Timestamp `json:",omitempty"`
}

type describeAlarmsOutput struct {
	CompositeAlarms []present // there are none
	MetricAlarms    []metricAlarm
	NextToken       string `json:",omitempty"`
}

type describeAlarmsForMetricInput struct {
	MetricName        string `is:"required 1..255"`
	Namespace         string `is:"required 1..255"`
	Statistic         string `is:"enum=SampleCount,Average,Sum,Minimum,Maximum"`
	ExtendedStatistic string
	Dimensions        []dimension `is:"..30"`
	Period            *int64      `is:"1.."`
	Unit              unit
}

type describeAlarmsForMetricOutput struct {
	MetricAlarms []metricAlarm
}

type describeAlarmHistoryInput struct {
	AlarmName          string   `is:"1..255"`
	AlarmContributorID string   `json:"AlarmContributorId" is:"1..16"`
	AlarmTypes         []string `is:"enum=CompositeAlarm,MetricAlarm"`
	HistoryItemType    string   `is:"enum=ConfigurationUpdate,StateUpdate,Action,AlarmContributorStateUpdate,AlarmContributorAction"`
	StartDate          *wire.Timestamp
	EndDate            *wire.Timestamp
	MaxRecords         *int64 `is:"1..100"`
	NextToken          string
	ScanBy             string `is:"enum=TimestampDescending,TimestampAscending"`
}

type alarmHistoryItem struct {
	AlarmName       string
	AlarmType       string
	Timestamp       *wire.Timestamp
	HistoryItemType string
	HistorySummary  string
	HistoryData     string
}

type describeAlarmHistoryOutput struct {
	AlarmHistoryItems []alarmHistoryItem
	NextToken         string `json:",omitempty"`
}

// alarmNamesInput is that of DeleteAlarms, EnableAlarmActions and
// DisableAlarmActions.
type alarmNamesInput struct {
	AlarmNames []string `is:"required ..100 each=1..255"`
}

type setAlarmStateInput struct {
	AlarmName       string `is:"required 1..255"`
	StateValue      string `is:"required enum=OK,ALARM,INSUFFICIENT_DATA"`
	StateReason     string `is:"0..1023"` // required by the model, but may be empty
	StateReasonData string `is:"0..4000"`
}

type listTagsForResourceInput struct {
	ResourceARN string `is:"required 1..1024"`
}

type listTagsForResourceOutput struct {
	Tags []tag
}

type tagResourceInput struct {
	ResourceARN string `is:"required 1..1024"`
	Tags        []tag  `is:"required"`
}

type untagResourceInput struct {
	ResourceARN string   `is:"required 1..1024"`
	TagKeys     []string `is:"required each=1..128"`
}

// empty is the output of the operations that have one without members.
type empty struct{}
