"""Every routing policy with boto3, then dig from different client subnets."""

import os
import subprocess

import boto3

QUICK = {"Delay": 1, "MaxAttempts": 60}

# Networks of the database that the test made.
SEATTLE, SAN_FRANCISCO, NEW_YORK = "198.51.100.0/24", "198.51.101.0/24", "198.51.102.0/24"
LONDON, TOKYO, NOWHERE = "203.0.113.0/24", "192.0.2.0/24", "10.9.8.0/24"


def sets(zone, name, *variants):
    """Makes a group: each variant is an address, an identifier and a policy."""
    changes = []
    for value, identifier, more in variants:
        data = {"AliasTarget": more.pop("AliasTarget")} if "AliasTarget" in more else {"TTL": 60, "ResourceRecords": [{"Value": value}]}
        changes.append({"Action": "UPSERT", "ResourceRecordSet": {"Name": name, "Type": "A", "SetIdentifier": identifier, **data, **more}})
    info = r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})["ChangeInfo"]
    r53.get_waiter("resource_record_sets_changed").wait(Id=info["Id"], WaiterConfig=QUICK)


def dig(name, subnet, *more):
    command = ["dig", "@" + os.environ["DNS_HOST"], "-p", os.environ["DNS_PORT"], name, "A", "+norec", "+subnet=" + subnet, *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ask(name, subnet):
    return sorted(dig(name, subnet, "+short").split())


def scope(name, subnet):
    line = next(line for line in dig(name, subnet).splitlines() if "CLIENT-SUBNET" in line)
    return int(line.rsplit("/", 1)[1])


def tested(zone, name, subnet):
    ip, mask = subnet.split("/")
    answer = r53.test_dns_answer(HostedZoneId=zone, RecordName=name, RecordType="A", EDNS0ClientSubnetIP=ip, EDNS0ClientSubnetMask=mask)
    assert answer["ResponseCode"] == "NOERROR", answer
    return sorted(answer["RecordData"])


def expect(zone, name, answers):
    for subnet, want in answers.items():
        assert ask(name, subnet) == [want], (name, subnet, ask(name, subnet))
        assert tested(zone, name, subnet) == [want], (name, subnet)


def weighted(zone):
    name = "weighted.boto.example"
    sets(zone, name, ("198.51.100.1", "Blue", {"Weight": 10}), ("198.51.100.2", "Green", {"Weight": 90}))
    answers = [ask(name, NOWHERE)[0] for _ in range(200)]
    green = answers.count("198.51.100.2")
    assert 150 < green < 200, green  # one failure in a million
    assert scope(name, LONDON) == 0
    sets(zone, name, ("198.51.100.1", "Blue", {"Weight": 0}))
    assert {ask(name, NOWHERE)[0] for _ in range(30)} == {"198.51.100.2"}


def latency(zone):
    name = "latency.boto.example"
    sets(zone, name, ("198.51.100.1", "US-East", {"Region": "us-east-1"}), ("203.0.113.1", "EU-West", {"Region": "eu-west-1"}),
         ("192.0.2.1", "AP-Southeast", {"Region": "ap-southeast-1"}))
    expect(zone, name, {NEW_YORK: "198.51.100.1", LONDON: "203.0.113.1", TOKYO: "192.0.2.1"})
    assert scope(name, LONDON) == 24


def geolocation(zone):
    name = "geo.boto.example"
    sets(zone, name, ("198.51.100.1", "Default", {"GeoLocation": {"CountryCode": "*"}}), ("203.0.113.1", "Europe", {"GeoLocation": {"ContinentCode": "EU"}}),
         ("192.0.2.1", "USA", {"GeoLocation": {"CountryCode": "US"}}), ("192.0.2.2", "California", {"GeoLocation": {"CountryCode": "US", "SubdivisionCode": "CA"}}))
    expect(zone, name, {SAN_FRANCISCO: "192.0.2.2", SEATTLE: "192.0.2.1", LONDON: "203.0.113.1", TOKYO: "198.51.100.1", NOWHERE: "198.51.100.1"})
    assert scope(name, "198.51.101.77/32") == 24


def geoproximity(zone):
    name = "near.boto.example"
    sets(zone, name, ("198.51.100.1", "US-East", {"GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": 10}}),
         ("203.0.113.1", "EU-West", {"GeoProximityLocation": {"AWSRegion": "eu-west-1", "Bias": -20}}),
         ("192.0.2.1", "OnPrem", {"GeoProximityLocation": {"Coordinates": {"Latitude": "37.77", "Longitude": "-122.41"}, "Bias": 0}}))
    expect(zone, name, {NEW_YORK: "198.51.100.1", LONDON: "203.0.113.1", SAN_FRANCISCO: "192.0.2.1", SEATTLE: "192.0.2.1"})
    sets(zone, name, ("198.51.100.1", "US-East", {"GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": 95}}))
    expect(zone, name, {LONDON: "198.51.100.1", SAN_FRANCISCO: "192.0.2.1"})


def multivalue(zone):
    name = "multi.boto.example"
    sets(zone, name, *((f"198.51.100.{i}", f"Server-{i}", {"MultiValueAnswer": True}) for i in range(1, 12)))
    answers = [ask(name, NOWHERE) for _ in range(20)]
    assert all(len(a) == 8 for a in answers), answers
    assert len({tuple(a) for a in answers}) > 1, answers


def cidr(zone):
    name = "cidr.boto.example"
    made = r53.create_cidr_collection(Name="offices", CallerReference="1")["Collection"]["Id"]
    r53.change_cidr_collection(Id=made, Changes=[
        {"LocationName": "all", "Action": "PUT", "CidrList": ["203.0.112.0/20"]}, {"LocationName": "london", "Action": "PUT", "CidrList": ["203.0.113.0/24"]}])
    sets(zone, name, *((value, location, {"CidrRoutingConfig": {"CollectionId": made, "LocationName": location}})
                       for value, location in [("198.51.100.1", "london"), ("198.51.100.2", "all"), ("198.51.100.3", "*")]))
    expect(zone, name, {LONDON: "198.51.100.1", "203.0.113.128/25": "198.51.100.1", "203.0.112.0/22": "198.51.100.2", TOKYO: "198.51.100.3"})
    r53.change_cidr_collection(Id=made, Changes=[{"LocationName": "london", "Action": "PUT", "CidrList": ["192.0.2.0/24"]}])
    for _ in range(100):
        if ask(name, TOKYO) == ["198.51.100.1"]:
            break
    expect(zone, name, {TOKYO: "198.51.100.1"})


def tree(zone):
    for region in ("eu", "us"):
        sets(zone, f"{region}.boto.example", *((f"198.51.100.{i}{len(region)}", f"{i}", {"Weight": i % 2}) for i in (1, 2)))
    target = lambda name: {"AliasTarget": {"HostedZoneId": zone.removeprefix("/hostedzone/"), "DNSName": name, "EvaluateTargetHealth": True}}
    sets(zone, "us.boto.example", ("192.0.2.99", "1", {"Weight": 1}))
    sets(zone, "www.boto.example", ("", "eu", {"Region": "eu-west-1", **target("eu.boto.example")}), ("", "us", {"Region": "us-east-1", **target("us.boto.example")}))
    expect(zone, "www.boto.example", {LONDON: "198.51.100.12", NEW_YORK: "192.0.2.99"})


r53 = boto3.client("route53")
made = r53.create_hosted_zone(Name="boto.example", CallerReference="policies")["HostedZone"]["Id"]
for policy in (weighted, latency, geolocation, geoproximity, multivalue, cidr, tree):
    policy(made)
print("ok")
