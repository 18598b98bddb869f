"""Traffic policies with boto3: Amazon's example documents, all sixteen operations, what DNS answers."""

import json
import os
import subprocess
import time

import boto3
from botocore.exceptions import ClientError

ELB = "elb-{}.{}.elb.amazonaws.com"


def weighted(*items, type="A", **more):
    endpoints = {f"srv{i}": {"Type": "value", "Value": value} for i, (value, _) in enumerate(items)}
    return {
        "AWSPolicyFormatVersion": "2015-10-01", "RecordType": type, "StartRule": "round_robin", "Endpoints": endpoints,
        "Rules": {"round_robin": {"RuleType": "weighted", "Items": [
            {"EndpointReference": f"srv{i}", "Weight": str(weight), **more} for i, (_, weight) in enumerate(items)]}},
    }


def combined():
    """Amazon's example with failover, latency and geolocation rules."""
    endpoint = lambda n, region: {"Type": "elastic-load-balancer", "Value": ELB.format(n, region)}
    switch = lambda first, second: {"RuleType": "failover", "Primary": {"EndpointReference": first}, "Secondary": {"EndpointReference": second}}
    return {
        "AWSPolicyFormatVersion": "2015-10-01", "RecordType": "A", "StartRule": "geo_restriction",
        "Endpoints": {
            "east_coast_lb1": endpoint(111111, "us-east-1"), "east_coast_lb2": endpoint(222222, "us-east-1"),
            "west_coast_lb1": endpoint(111111, "us-west-1"), "west_coast_lb2": endpoint(222222, "us-west-1"),
            "denied_message": {"Type": "s3-website", "Region": "us-east-1", "Value": "video.example.com"},
        },
        "Rules": {
            "geo_restriction": {"RuleType": "geo", "Locations": [
                {"EndpointReference": "denied_message", "IsDefault": True}, {"RuleReference": "region_selector", "Country": "US"}]},
            "region_selector": {"RuleType": "latency", "Regions": [
                {"Region": "us-east-1", "RuleReference": "east_coast_region"}, {"Region": "us-west-1", "RuleReference": "west_coast_region"}]},
            "east_coast_region": switch("east_coast_lb1", "east_coast_lb2"),
            "west_coast_region": switch("west_coast_lb1", "west_coast_lb2"),
        },
    }


def one(value):
    return {"AWSPolicyFormatVersion": "2023-05-09", "RecordType": "A", "StartEndpoint": "it", "Endpoints": {"it": {"Value": value}}}


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        return e.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused with {code}")


def dig(name):
    command = ["dig", "@" + os.environ["DNS_HOST"], "-p", os.environ["DNS_PORT"], name, "A", "+short", "+norec"]
    return sorted(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def applied(id):
    """Waits as Terraform does."""
    for _ in range(100):
        instance = r53.get_traffic_policy_instance(Id=id)["TrafficPolicyInstance"]
        if instance["State"] not in ("Creating", "Updating"):
            assert instance["State"] == "Applied" and instance["Message"] == "", instance
            return instance
        time.sleep(0.05)
    raise AssertionError(instance)


def policies():
    made = r53.create_traffic_policy(Name="web", Document=json.dumps(one("192.0.2.1")), Comment="erste ✓")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    policy = made["TrafficPolicy"]
    assert policy["Version"] == 1 and policy["Type"] == "A" and json.loads(policy["Document"]) == one("192.0.2.1"), policy
    assert made["Location"].endswith(f"/trafficpolicy/{policy['Id']}/1"), made["Location"]
    for n, document in enumerate([weighted(("192.0.2.2", 1), ("192.0.2.2", 3)), combined(), weighted(("10 mx.example.net", 1), type="MX")], 2):
        made = r53.create_traffic_policy_version(Id=policy["Id"], Document=json.dumps(document))
        assert made["TrafficPolicy"]["Version"] == n, made
    text = refused("InvalidTrafficPolicyDocument", r53.create_traffic_policy, Name="bad", Document=json.dumps({**one("192.0.2.1"), "StartEndpoint": "nobody"}))
    assert text == "Endpoint 'nobody' is not defined in Endpoints.", text
    refused("TrafficPolicyAlreadyExists", r53.create_traffic_policy, Name="web", Document=json.dumps(one("192.0.2.1")))
    r53.update_traffic_policy_comment(Id=policy["Id"], Version=3, Comment="Amazon's")
    assert r53.get_traffic_policy(Id=policy["Id"], Version=3)["TrafficPolicy"]["Comment"] == "Amazon's"
    for i in range(4):
        r53.create_traffic_policy(Name=f"more {i}", Document=json.dumps(one("192.0.2.9")))
    names, start = [], {}
    while True:
        page = r53.list_traffic_policies(MaxItems="2", **start)
        names += [p["Name"] for p in page["TrafficPolicySummaries"]]
        if not page["IsTruncated"]:
            break
        start = {"TrafficPolicyIdMarker": page["TrafficPolicyIdMarker"]}
    assert names == ["web"] + [f"more {i}" for i in range(4)], names
    versions, start = [], {}
    while True:
        page = r53.list_traffic_policy_versions(Id=policy["Id"], MaxItems="3", **start)
        versions += [(v["Version"], v["Type"]) for v in page["TrafficPolicies"]]
        if not page["IsTruncated"]:
            break
        start = {"TrafficPolicyVersionMarker": page["TrafficPolicyVersionMarker"]}
    assert versions == [(1, "A"), (2, "A"), (3, "A"), (4, "MX")], versions
    return policy["Id"]


def instances(policy):
    zone = r53.create_hosted_zone(Name="policy.example", CallerReference="policies")["HostedZone"]["Id"].split("/")[-1]
    create = lambda name, version, ttl=60: r53.create_traffic_policy_instance(
        HostedZoneId=zone, Name=name, TTL=ttl, TrafficPolicyId=policy, TrafficPolicyVersion=version)
    made = create("www.policy.example", 1)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    id = made["TrafficPolicyInstance"]["Id"]
    instance = applied(id)
    assert instance["Name"] == "www.policy.example." and instance["HostedZoneId"] == zone and instance["TrafficPolicyType"] == "A", instance
    assert dig("www.policy.example") == ["192.0.2.1"]
    refused("TrafficPolicyInstanceAlreadyExists", create, name="www.policy.example", version=2)
    refused("ConflictingTypes", r53.update_traffic_policy_instance, Id=id, TTL=60, TrafficPolicyId=policy, TrafficPolicyVersion=4)
    r53.update_traffic_policy_instance(Id=id, TTL=30, TrafficPolicyId=policy, TrafficPolicyVersion=2)
    assert applied(id)["TTL"] == 30
    assert dig("www.policy.example") == ["192.0.2.2"]

    sets = r53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    root = {"Name": "www.policy.example.", "Type": "A", "TrafficPolicyInstanceId": id}
    assert [s for s in sets if s["Type"] not in ("NS", "SOA")] == [root], sets
    assert r53.get_hosted_zone(Id=zone)["HostedZone"]["ResourceRecordSetCount"] == 3
    change = lambda action, set: r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": set}]})
    refused("InvalidChangeBatch", change, action="UPSERT", set={"Name": "www.policy.example", "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "192.0.2.9"}]})
    refused("HostedZoneNotEmpty", r53.delete_hosted_zone, Id=zone)
    refused("TrafficPolicyInUse", r53.delete_traffic_policy, Id=policy, Version=2)

    others = [create(f"n{i}.policy.example", 3)["TrafficPolicyInstance"]["Id"] for i in range(3)]
    change("CREATE", {"Name": "taken.policy.example", "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "192.0.2.9"}]})
    failed = create("taken.policy.example", 1)["TrafficPolicyInstance"]
    assert failed["State"] == "Failed" and "already exists" in failed["Message"], failed
    others.append(failed["Id"])
    assert r53.get_traffic_policy_instance_count()["TrafficPolicyInstanceCount"] == 5
    for list, where in [
        (r53.list_traffic_policy_instances, {}),
        (r53.list_traffic_policy_instances_by_hosted_zone, {"HostedZoneId": zone}),
    ]:
        names, start = [], {}
        while True:
            page = list(MaxItems="2", **where, **start)
            names += [i["Name"] for i in page["TrafficPolicyInstances"]]
            if not page["IsTruncated"]:
                break
            start = {k: page[k] for k in page if k.endswith("Marker")}
        assert names == [f"n{i}.policy.example." for i in range(3)] + ["taken.policy.example.", "www.policy.example."], names
    page = r53.list_traffic_policy_instances_by_policy(TrafficPolicyId=policy, TrafficPolicyVersion=3)
    assert len(page["TrafficPolicyInstances"]) == 3, page
    limit = r53.get_account_limit(Type="MAX_TRAFFIC_POLICY_INSTANCES_BY_OWNER")
    assert limit["Count"] == 5 and limit["Limit"]["Value"] == 5, limit

    # Amazon lets the root be deleted as it is listed; the instance stays.
    change("DELETE", root)
    assert applied(id)["Id"] == id
    for instance in [id, *others]:
        r53.delete_traffic_policy_instance(Id=instance)
    refused("NoSuchTrafficPolicyInstance", r53.get_traffic_policy_instance, Id=id)
    change("DELETE", {"Name": "taken.policy.example", "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "192.0.2.9"}]})
    r53.delete_hosted_zone(Id=zone)
    for version in range(1, 5):
        r53.delete_traffic_policy(Id=policy, Version=version)
    refused("NoSuchTrafficPolicy", r53.get_traffic_policy, Id=policy, Version=1)
    refused("NoSuchTrafficPolicy", r53.list_traffic_policy_versions, Id=policy)


r53 = boto3.client("route53")
instances(policies())
print("ok")
