"""Metrics and alarms with boto3, in the protocol named by the first argument.
The second is what to do: everything, or one of two halves around a restart."""

import http.server
import json
import os
import queue
import sys
import threading
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

protocol, part = sys.argv[1:]
session = boto3.session.Session()
model = session._loader.load_service_model("cloudwatch", "service-2")
if "protocols" in model["metadata"]:
    if protocol not in model["metadata"]["protocols"]:
        print("skip")
        sys.exit()
    model["metadata"]["protocols"] = [protocol]
elif protocol != model["metadata"]["protocol"]:
    print("skip")
    sys.exit()
cw = session.client("cloudwatch", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="us-east-1", config=Config(retries={"total_max_attempts": 1}))
now = datetime.now(timezone.utc).replace(second=0, microsecond=0)


def ago(minutes):
    return now - timedelta(minutes=minutes)


def fails(code, operation, **parameters):
    try:
        operation(**parameters)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        assert e.response["Error"]["Message"], e.response
        return e
    raise AssertionError(f"{operation.__name__} did not fail with {code}")


received = queue.Queue()


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


hook = http.server.HTTPServer(("127.0.0.1", int(os.environ.get("HOOK_PORT", "0"))), Hook)
threading.Thread(target=hook.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{hook.server_port}/alarm"
dimensions = [{"Name": "Host", "Value": "wéb-1"}, {"Name": "Zone", "Value": "a+b &c"}]
rule = dict(
    Namespace="App", MetricName="Latency", Dimensions=dimensions, Statistic="Maximum", Period=60, EvaluationPeriods=2,
    DatapointsToAlarm=1, Threshold=1.5, ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="ignore",
)


def put_metrics():
    cw.put_metric_data(Namespace="App", MetricData=[
        {"MetricName": "Latency", "Dimensions": dimensions, "Timestamp": ago(m), "Value": float(m), "Unit": "Seconds"} for m in range(1, 5)
    ])
    # Long enough that SDKs compress it.
    cw.put_metric_data(Namespace="App", MetricData=[
        {"MetricName": "Size", "Timestamp": ago(2), "Values": [1.5, 2, 3], "Counts": [1, 2, 1], "StorageResolution": 1} for _ in range(150)
    ])
    cw.put_metric_data(Namespace="App", MetricData=[
        {"MetricName": "Set", "Timestamp": ago(1), "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}},
        {"MetricName": "Now", "Value": 1e-300},
    ])
    fails("InvalidParameterValue", cw.put_metric_data, Namespace="AWS/Route53", MetricData=[{"MetricName": "m", "Value": 1}])
    fails("MissingParameter", cw.put_metric_data, Namespace="App", MetricData=[{"MetricName": "m"}])
    fails("InvalidParameterCombination", cw.put_metric_data, Namespace="App", MetricData=[{"MetricName": "m", "Value": 1, "Values": [1]}])
    fails("InvalidParameterValue", cw.put_metric_data, Namespace="App", MetricData=[{"MetricName": "m", "Value": 1, "Timestamp": ago(60 * 24 * 15)}])


def read_metrics():
    out = cw.get_metric_statistics(
        Namespace="App", MetricName="Latency", Dimensions=dimensions[::-1], StartTime=ago(10), EndTime=ago(0), Period=60,
        Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"])
    assert out["Label"] == "Latency"
    points = sorted(out["Datapoints"], key=lambda p: p["Timestamp"])
    assert points == [
        {"Timestamp": ago(m), "SampleCount": 1.0, "Average": m, "Sum": m, "Minimum": m, "Maximum": m, "Unit": "Seconds"} for m in (4, 3, 2, 1)
    ], points
    assert isinstance(points[0]["Sum"], float), points
    points = cw.get_metric_statistics(
        Namespace="App", MetricName="Size", StartTime=ago(10), EndTime=ago(0), Period=60, ExtendedStatistics=["p25", "p50", "p99.9"])["Datapoints"]
    assert [p["ExtendedStatistics"] for p in points] == [{"p25": 1.5, "p50": 2, "p99.9": 3}], points
    points = cw.get_metric_statistics(Namespace="App", MetricName="Set", StartTime=ago(10), EndTime=ago(0), Period=300, Statistics=["Average"], Unit="None")["Datapoints"]
    assert [p["Average"] for p in points] == [2.5], points
    empty = cw.get_metric_statistics(Namespace="App", MetricName="Nothing", StartTime=ago(10), EndTime=ago(0), Period=60, Statistics=["Sum"])
    assert empty["Datapoints"] == [], empty
    fails("InvalidParameterCombination", cw.get_metric_statistics, Namespace="App", MetricName="x", StartTime=ago(2880), EndTime=now, Period=60, Statistics=["Sum"])

    def query(name, metric, stat):
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
    latency = {"Namespace": "App", "MetricName": "Latency", "Dimensions": dimensions}
    queries = [query("a", latency, "Sum"), query("b", {"Namespace": "App", "MetricName": "Size"}, "p50"), query("c", {"Namespace": "App", "MetricName": "None"}, "Sum")]
    results = cw.get_metric_data(MetricDataQueries=queries, StartTime=ago(10), EndTime=ago(0), ScanBy="TimestampAscending")["MetricDataResults"]
    assert [(r["Id"], r["Label"], r["Timestamps"], r["Values"], r["StatusCode"]) for r in results] == [
        ("a", "Latency", [ago(m) for m in (4, 3, 2, 1)], [4, 3, 2, 1], "Complete"),
        ("b", "Size", [ago(2)], [2], "Complete"), ("c", "None", [], [], "Complete"),
    ], results
    pages = cw.get_paginator("get_metric_data").paginate(MetricDataQueries=queries[:1], StartTime=ago(10), EndTime=ago(0), MaxDatapoints=3)
    assert [r["Values"] for page in pages for r in page["MetricDataResults"]] == [[1, 2, 3], [4]]
    fails("ValidationError", cw.get_metric_data, MetricDataQueries=[{"Id": "e", "Expression": "1+1"}], StartTime=ago(1), EndTime=now)

    names = [m["MetricName"] for page in cw.get_paginator("list_metrics").paginate(Namespace="App") for m in page["Metrics"]]
    assert names == ["Latency", "Now", "Set", "Size"], names
    found = cw.list_metrics(Dimensions=[{"Name": "Zone"}, {"Name": "Host", "Value": "wéb-1"}], RecentlyActive="PT3H")["Metrics"]
    assert found == [latency], found
    fails("InvalidParameterValue", cw.list_metrics, NextToken="nonsense")


def put_alarms():
    cw.put_metric_alarm(AlarmName="slow/1", AlarmDescription="d", AlarmActions=[url, "arn:aws:sns:us-east-1:000000000000:hook"], OKActions=[url], Tags=[{"Key": "team", "Value": ""}], **rule)
    message = received.get(timeout=10)
    assert (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == ("slow/1", "INSUFFICIENT_DATA", "ALARM"), message
    assert message["Trigger"]["Dimensions"] == [{"name": d["Name"], "value": d["Value"]} for d in dimensions], message
    if "HOOK_PORT" in os.environ:  # the ARN stands for the same receiver
        assert received.get(timeout=10) == message
    cw.get_waiter("alarm_exists").wait(AlarmNames=["slow/1"])
    for i in range(4):
        cw.put_metric_alarm(AlarmName=f"page-{i}", **{**rule, "MetricName": "None", "TreatMissingData": "breaching" if i == 0 else "ignore"})
    fails("ValidationError", cw.put_metric_alarm, AlarmName="x", **{**rule, "Period": 45})
    fails("ValidationError", cw.put_metric_alarm, AlarmName="x", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", Threshold=1, Metrics=[{"Id": "a", "Expression": "1"}])


def read_alarms():
    alarm = cw.describe_alarms(AlarmNames=["slow/1"])["MetricAlarms"][0]
    for name, value in {**rule, "AlarmDescription": "d", "OKActions": alarm["OKActions"], "InsufficientDataActions": [], "StateValue": "ALARM", "ActionsEnabled": True}.items():
        assert alarm[name] == value, (name, alarm[name])
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 out of the last 2 datapoints [2.0 ("), alarm
    assert json.loads(alarm["StateReasonData"])["threshold"] == 1.5
    assert alarm["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:slow/1"
    assert abs(alarm["StateUpdatedTimestamp"] - datetime.now(timezone.utc)) < timedelta(minutes=5)
    pages = list(cw.get_paginator("describe_alarms").paginate(AlarmNamePrefix="page-", PaginationConfig={"PageSize": 3}))
    assert [[a["AlarmName"] for a in p["MetricAlarms"]] for p in pages] == [["page-0", "page-1", "page-2"], ["page-3"]], pages
    assert cw.describe_alarms(AlarmTypes=["CompositeAlarm"])["MetricAlarms"] == []
    assert [a["AlarmName"] for a in cw.describe_alarms(ActionPrefix="arn:aws:sns")["MetricAlarms"]] == ["slow/1"]
    found = cw.describe_alarms_for_metric(Namespace="App", MetricName="Latency", Dimensions=dimensions)["MetricAlarms"]
    assert [a["AlarmName"] for a in found] == ["slow/1"], found


def change_alarms():
    arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:slow/1"
    assert cw.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": ""}]
    cw.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}])
    cw.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert cw.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    fails("ResourceNotFoundException", cw.list_tags_for_resource, ResourceARN=arn + "x")

    cw.disable_alarm_actions(AlarmNames=["slow/1"])
    assert cw.describe_alarms(AlarmNames=["slow/1"])["MetricAlarms"][0]["ActionsEnabled"] is False
    cw.set_alarm_state(AlarmName="page-1", StateValue="OK", StateReason="quiet")
    cw.enable_alarm_actions(AlarmNames=["slow/1"])
    cw.set_alarm_state(AlarmName="slow/1", StateValue="OK", StateReason="a drill", StateReasonData='{"a": 1}')
    message = received.get(timeout=10)
    assert (message["NewStateValue"], message["NewStateReason"]) == ("OK", "a drill"), message
    history = cw.describe_alarm_history(AlarmName="page-1", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [h["HistorySummary"] for h in history] == ["Alarm updated from INSUFFICIENT_DATA to OK"], history
    e = fails("ResourceNotFound", cw.set_alarm_state, AlarmName="none", StateValue="OK", StateReason="r")
    assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    fails("ResourceNotFound", cw.delete_alarms, AlarmNames=["page-0", "none"])
    cw.delete_alarms(AlarmNames=[f"page-{i}" for i in range(4)])
    assert [a["AlarmName"] for a in cw.describe_alarms()["MetricAlarms"]] == ["slow/1"]
    fails("NotImplemented", cw.put_composite_alarm, AlarmName="c", AlarmRule="ALARM(slow)")


if part in ("all", "before"):
    put_metrics()
    read_metrics()
    put_alarms()
    read_alarms()
if part == "after":
    now = datetime.fromtimestamp(float(os.environ["METRICS_PUT"]), timezone.utc)
    read_metrics()
    read_alarms()
if part in ("all", "after"):
    change_alarms()
print(now.timestamp())
