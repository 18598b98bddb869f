"""The first steps with boto3, then what scripts do next: pages, errors, threads."""

import datetime
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.exceptions import ClientError

QUICK = {"Delay": 1, "MaxAttempts": 60}


def record(action, name, *values, type="A", ttl=60, **more):
    return {"Action": action, "ResourceRecordSet": {
        "Name": name, "Type": type, "TTL": ttl, "ResourceRecords": [{"Value": v} for v in values], **more}}


def change(zone, *changes, comment=""):
    return r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Comment": comment, "Changes": list(changes)})["ChangeInfo"]


def wait(info):
    r53.get_waiter("resource_record_sets_changed").wait(Id=info["Id"], WaiterConfig=QUICK)


def dig(name, type="A"):
    command = ["dig", "@" + os.environ["DNS_HOST"], "-p", os.environ["DNS_PORT"], name, type, "+short", "+norec"]
    return sorted(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def first_steps():
    made = r53.create_hosted_zone(Name="boto.example", CallerReference="first", HostedZoneConfig={"Comment": "von Hand ✓"})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    zone = made["HostedZone"]["Id"]
    wait(made["ChangeInfo"])
    assert [z["Name"] for z in r53.list_hosted_zones()["HostedZones"]] == ["boto.example."]
    info = change(zone, record("CREATE", "www.boto.example", "192.0.2.1", "192.0.2.2"), comment="erste Schritte ✓")
    assert info["Comment"] == "erste Schritte ✓", info
    age = datetime.datetime.now(datetime.timezone.utc) - info["SubmittedAt"]
    assert abs(age) < datetime.timedelta(minutes=1), age
    wait(info)
    assert dig("www.boto.example") == ["192.0.2.1", "192.0.2.2"]
    sets = r53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [(s["Name"], s["Type"]) for s in sets] == [("boto.example.", "NS"), ("boto.example.", "SOA"), ("www.boto.example.", "A")], sets
    # What was listed can be deleted as it is.
    info = change(zone, {"Action": "DELETE", "ResourceRecordSet": sets[2]})
    wait(info)
    assert dig("www.boto.example") == []
    return zone


def pages(zone):
    names = [f"n{i:02}.boto.example." for i in range(60)]
    wait(change(zone, *(record("CREATE", n, "192.0.2.1") for n in names)))
    wait(change(zone, *(record("CREATE", "w.boto.example", "192.0.2.1", Weight=i, SetIdentifier=f"s{i:02}") for i in range(30))))
    paginator = r53.get_paginator("list_resource_record_sets")
    pages = list(paginator.paginate(HostedZoneId=zone, PaginationConfig={"PageSize": 7}))
    sets = [s for page in pages for s in page["ResourceRecordSets"]]
    assert len(pages) == 14 and len(sets) == 92, (len(pages), len(sets))
    assert [s["Name"] for s in sets[2:62]] == names
    assert [s["SetIdentifier"] for s in sets[62:]] == [f"s{i:02}" for i in range(30)]
    # A script that stops at 65 items and goes on later, within the weighted ones.
    first = paginator.paginate(HostedZoneId=zone, PaginationConfig={"PageSize": 10, "MaxItems": 65}).build_full_result()
    rest = paginator.paginate(HostedZoneId=zone, PaginationConfig={"StartingToken": first["NextToken"]}).build_full_result()
    assert first["ResourceRecordSets"] + rest["ResourceRecordSets"] == sets

    zones = {r53.create_hosted_zone(Name=f"z{i}.boto.example", CallerReference=f"z{i}")["HostedZone"]["Id"] for i in range(25)}
    listed = [z["Id"] for page in r53.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 10}) for z in page["HostedZones"]]
    assert len(listed) == 26 and set(listed) == zones | {zone}
    # By name there is no paginator: scripts follow the Next members.
    names, start = [], {}
    while True:
        page = r53.list_hosted_zones_by_name(MaxItems="10", **start)
        names += [z["Name"] for z in page["HostedZones"]]
        if not page["IsTruncated"]:
            break
        start = {"DNSName": page["NextDNSName"], "HostedZoneId": page["NextHostedZoneId"]}
    assert names == ["boto.example."] + sorted(f"z{i}.boto.example." for i in range(25)), names


def errors(zone):
    try:
        r53.get_hosted_zone(Id="Z0NE")
        assert False, "a zone that is not there"
    except r53.exceptions.NoSuchHostedZone as e:
        assert e.response["Error"]["Type"] == "Sender", e.response
        assert e.response["Error"]["Message"] == "No hosted zone found with ID: Z0NE", e.response
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 404, e.response
        assert len(e.response["ResponseMetadata"]["RequestId"]) == 36, e.response
    try:
        r53.create_hosted_zone(Name="boto.example", CallerReference="first")
        assert False, "a caller reference twice"
    except r53.exceptions.HostedZoneAlreadyExists as e:
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 409, e.response
    try:
        change(zone, record("CREATE", "n00.boto.example", "192.0.2.1"), record("CREATE", "x.boto.example", "nonsense"))
        assert False, "a bad batch"
    except r53.exceptions.InvalidChangeBatch as e:
        assert e.response["Error"]["Message"] == (
            "[Tried to create resource record set [name='n00.boto.example.', type='A'] but it already exists, "
            "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'nonsense'']"), e
    try:
        r53.list_query_logging_configs()
        assert False, "an operation that is not built"
    except ClientError as e:
        assert e.response["Error"]["Code"] == "NotImplemented", e.response


def threads(zone):
    """One client, many threads, one zone: all changes are made, none is lost."""
    def upsert(i):
        for n in range(10):
            info = change(zone, record("UPSERT", f"t{i}.boto.example", f"192.0.2.{n + 1}"))
        return info
    with ThreadPoolExecutor(8) as pool:
        for info in pool.map(upsert, range(8)):
            wait(info)
    for i in range(8):
        assert dig(f"t{i}.boto.example") == ["192.0.2.10"], i


r53 = boto3.client("route53", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
zone = first_steps()
pages(zone)
errors(zone)
threads(zone)
assert boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).get_caller_identity()["Account"] == "000000000000"
print("ok")
