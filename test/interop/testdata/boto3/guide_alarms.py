"""The guide's CloudWatch examples: a health check that follows an alarm, the
metrics of a health check, and alarms on them."""

import time
from datetime import datetime, timedelta

from guide import NOWHERE, Endpoint, cloudwatch, expect, make_zone, placeholders, probed, route53, until, upsert


def high_cpu():
    """The alarm of the guide. To put it again has it judged at once."""
    cloudwatch.put_metric_alarm(
        AlarmName='HighCPU',
        MetricName='CPUUtilization',
        Namespace='AWS/EC2',
        Statistic='Average',
        Period=300,
        EvaluationPeriods=2,
        Threshold=80.0,
        ComparisonOperator='GreaterThanThreshold',
        Dimensions=[{'Name': 'InstanceId', 'Value': 'i-1234567890abcdef0'}]
    )


def cpu(value, weight):
    for minutes in (3, 8):  # one of each period
        cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=[{
            "MetricName": "CPUUtilization", "Dimensions": [{"Name": "InstanceId", "Value": "i-1234567890abcdef0"}],
            "Timestamp": datetime.utcnow() - timedelta(minutes=minutes), "Values": [value], "Counts": [weight]}])
    high_cpu()


def alarm():
    cpu(50, 1)
    # Health check based on alarm
    made = route53.create_health_check(
        HealthCheckConfig={
            'Type': 'CLOUDWATCH_METRIC',
            'AlarmIdentifier': {
                'Name': 'HighCPU',
                'Region': 'us-east-1'
            },
            'InsufficientDataHealthStatus': 'Healthy'  # or 'Unhealthy', 'LastKnownStatus'
        }
    )
    upsert({"Name": "www.example.com", "Type": "A", "SetIdentifier": "1", "Failover": "PRIMARY", "HealthCheckId": made["HealthCheck"]["Id"],
            "TTL": 60, "ResourceRecords": [{"Value": "198.51.100.1"}]},
           {"Name": "www.example.com", "Type": "A", "SetIdentifier": "2", "Failover": "SECONDARY", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.1"}]})
    expect("www.example.com", {NOWHERE: "198.51.100.1"})
    cpu(95, 100)
    until(5, "www.example.com", {NOWHERE: "203.0.113.1"})
    assert cloudwatch.describe_alarms(AlarmNames=["HighCPU"])["MetricAlarms"][0]["StateValue"] == "ALARM"
    cpu(10, 10000)
    until(5, "www.example.com", {NOWHERE: "198.51.100.1"})


def metrics(server):
    # View health check status
    end = time.monotonic() + 20
    while True:
        seen = cloudwatch.get_metric_statistics(
            Namespace='AWS/Route53',
            MetricName='HealthCheckStatus',
            Dimensions=[{'Name': 'HealthCheckId', 'Value': 'abc123'}],
            StartTime=datetime.utcnow() - timedelta(hours=1),
            EndTime=datetime.utcnow(),
            Period=60,
            Statistics=['Average']
        )
        if seen["Datapoints"]:
            break
        assert time.monotonic() < end, seen
        time.sleep(0.2)
    assert seen["Label"] == "HealthCheckStatus" and all(p["Average"] == 1 and p["Unit"] == "None" for p in seen["Datapoints"]), seen
    listed = {m["MetricName"] for m in cloudwatch.list_metrics(Namespace="AWS/Route53", Dimensions=[{"Name": "HealthCheckId", "Value": "abc123"}])["Metrics"]}
    want = {"HealthCheckStatus", "HealthCheckPercentageHealthy", "ConnectionTime", "TimeToFirstByte", "SSLHandshakeTime"}
    assert listed == want, listed
    cloudwatch.put_metric_alarm(
        AlarmName='UnhealthyEndpoint',
        MetricName='HealthCheckStatus',
        Namespace='AWS/Route53',
        Statistic='Average',
        Period=60,
        EvaluationPeriods=2,
        Threshold=1.0,
        ComparisonOperator='LessThanThreshold',
        AlarmActions=['arn:aws:sns:us-east-1:123456789012:alerts'],
        Dimensions=[{'Name': 'HealthCheckId', 'Value': 'abc123'}]
    )
    cloudwatch.put_metric_alarm(
        AlarmName='DNSSECValidationFailure',
        MetricName='DNSSECKeySigningKeysNeedingAction',
        Namespace='AWS/Route53',
        Statistic='Average',
        Period=300,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator='GreaterThanOrEqualToThreshold',
        AlarmActions=['arn:aws:sns:us-east-1:123456789012:alerts']
    )
    alarms = {a["AlarmName"]: a for a in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert alarms.keys() == {"HighCPU", "UnhealthyEndpoint", "DNSSECValidationFailure"}, alarms
    assert alarms["UnhealthyEndpoint"]["AlarmActions"] == ['arn:aws:sns:us-east-1:123456789012:alerts'], alarms
    server.stop()


make_zone()
server = Endpoint("api.example.com", tls=True)
placeholders["abc123"] = route53.create_health_check(
    HealthCheckConfig={
        'Type': 'HTTPS',
        'ResourcePath': '/health',
        'FullyQualifiedDomainName': 'api.example.com',
        'Port': 443,
        'RequestInterval': 30,
        'FailureThreshold': 3,
        'MeasureLatency': True,
        'EnableSNI': True
    }
)["HealthCheck"]["Id"]
probed(placeholders["abc123"])
alarm()
metrics(server)
print("ok")
