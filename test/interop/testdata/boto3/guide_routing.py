"""The guide's routing policies without health checks, blue-green deployment and
traffic flow, for clients in several places."""

import json
import time

from guide import (JOHANNESBURG, LONDON, NEW_YORK, NOWHERE, PARIS, SAN_FRANCISCO, SEATTLE, STANFORD, SYDNEY, TOKYO, about, ask, clear, expect,
                   make_zone, placeholders, route53, shares, upsert)


def weighted():
    upsert({
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'New-Version',
        'Weight': 70,
        'TTL': 60,
        'ResourceRecords': [{'Value': '198.51.100.1'}]
    }, {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'Old-Version',
        'Weight': 30,
        'TTL': 60,
        'ResourceRecords': [{'Value': '198.51.100.2'}]
    })
    about(shares("www.example.com"), {"198.51.100.1": 0.7, "198.51.100.2": 0.3})
    clear("www.example.com")


def create_weighted_records(zone_id, name, records):
    """
    records = [
        {'ip': '198.51.100.1', 'weight': 70, 'id': 'Server-1'},
        {'ip': '198.51.100.2', 'weight': 30, 'id': 'Server-2'}
    ]
    """
    changes = []

    for record in records:
        changes.append({
            'Action': 'UPSERT',
            'ResourceRecordSet': {
                'Name': name,
                'Type': 'A',
                'SetIdentifier': record['id'],
                'Weight': record['weight'],
                'TTL': 60,
                'ResourceRecords': [{'Value': record['ip']}]
            }
        })

    route53.change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={'Changes': changes}
    )


def blue_green():
    create_weighted_records('Z1234567890ABC', 'www.example.com', [
        {'ip': '198.51.100.1', 'weight': 10, 'id': 'Blue'},   # New version
        {'ip': '198.51.100.2', 'weight': 90, 'id': 'Green'}   # Old version
    ])
    about(shares("www.example.com"), {"198.51.100.1": 0.1, "198.51.100.2": 0.9})
    # The guide's pattern has names of load balancers for values of A records,
    # which no server of Route 53's API takes.
    try:
        create_weighted_records('Z1234567890ABC', 'www.example.com', [
            {'ip': 'blue-alb.elb.amazonaws.com', 'weight': 100, 'id': 'Blue'},
            {'ip': 'green-alb.elb.amazonaws.com', 'weight': 0, 'id': 'Green'}
        ])
        raise AssertionError("names were taken for addresses")
    except route53.exceptions.InvalidChangeBatch as e:
        assert "blue-alb.elb.amazonaws.com" in str(e), e
    placeholders["blue-alb.elb.amazonaws.com"], placeholders["green-alb.elb.amazonaws.com"] = "198.51.100.21", "198.51.100.22"
    for blue, green in ((100, 0), (90, 10), (50, 50), (0, 100), (100, 0)):
        create_weighted_records('Z1234567890ABC', 'www.example.com', [
            {'ip': 'blue-alb.elb.amazonaws.com', 'weight': blue, 'id': 'Blue'},
            {'ip': 'green-alb.elb.amazonaws.com', 'weight': green, 'id': 'Green'}
        ])
        about(shares("www.example.com"), {"198.51.100.21": blue / 100, "198.51.100.22": green / 100})
    clear("www.example.com")


def latency():
    upsert({
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'US-East',
        'Region': 'us-east-1',
        'TTL': 60,
        'ResourceRecords': [{'Value': '198.51.100.1'}]
    }, {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'EU-West',
        'Region': 'eu-west-1',
        'TTL': 60,
        'ResourceRecords': [{'Value': '203.0.113.1'}]
    }, {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'AP-Southeast',
        'Region': 'ap-southeast-1',
        'TTL': 60,
        'ResourceRecords': [{'Value': '192.0.2.1'}]
    })
    expect("www.example.com", {
        NEW_YORK: "198.51.100.1", LONDON: "203.0.113.1", TOKYO: "192.0.2.1", PARIS: "203.0.113.1", SAN_FRANCISCO: "198.51.100.1", SYDNEY: "192.0.2.1"})
    clear("www.example.com")


def geolocation():
    upsert({
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'Default',
        'GeoLocation': {'ContinentCode': '*'},  # Default location
        'TTL': 60,
        'ResourceRecords': [{'Value': '198.51.100.1'}]
    }, {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'Europe',
        'GeoLocation': {'ContinentCode': 'EU'},
        'TTL': 60,
        'ResourceRecords': [{'Value': '203.0.113.1'}]
    }, {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'USA',
        'GeoLocation': {'CountryCode': 'US'},
        'TTL': 60,
        'ResourceRecords': [{'Value': '192.0.2.1'}]
    }, {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'California',
        'GeoLocation': {
            'CountryCode': 'US',
            'SubdivisionCode': 'CA'
        },
        'TTL': 60,
        'ResourceRecords': [{'Value': '192.0.2.2'}]
    })
    expect("www.example.com", {
        STANFORD: "192.0.2.2", SAN_FRANCISCO: "192.0.2.2", SEATTLE: "192.0.2.1", NEW_YORK: "192.0.2.1", LONDON: "203.0.113.1", PARIS: "203.0.113.1",
        TOKYO: "198.51.100.1", JOHANNESBURG: "198.51.100.1", NOWHERE: "198.51.100.1"})
    clear("www.example.com")


def geoproximity():
    on_prem = {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'OnPrem',
        'GeoProximityLocation': {
            'Coordinates': {
                'Latitude': '37.7749',   # San Francisco
                'Longitude': '-122.4194'
            },
            'Bias': 0
        },
        'TTL': 60,
        'ResourceRecords': [{'Value': '192.0.2.1'}]
    }
    upsert({
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'US-East',
        'GeoProximityLocation': {
            'AWSRegion': 'us-east-1',
            'Bias': 10  # -99 to +99
        },
        'TTL': 60,
        'ResourceRecords': [{'Value': '198.51.100.1'}]
    }, {
        'Name': 'www.example.com',
        'Type': 'A',
        'SetIdentifier': 'EU-West',
        'GeoProximityLocation': {
            'AWSRegion': 'eu-west-1',
            'Bias': -20
        },
        'TTL': 60,
        'ResourceRecords': [{'Value': '203.0.113.1'}]
    }, on_prem)
    near = {SAN_FRANCISCO: "192.0.2.1", SEATTLE: "192.0.2.1", NEW_YORK: "198.51.100.1", LONDON: "203.0.113.1", PARIS: "203.0.113.1"}
    expect("www.example.com", near)
    listed = route53.list_resource_record_sets(HostedZoneId='Z1234567890ABC', StartRecordName="www.example.com")["ResourceRecordSets"]
    kept = [s for s in listed if s.get("SetIdentifier") == "OnPrem"]
    assert len(kept) == 1 and kept[0]["GeoProximityLocation"] == on_prem["GeoProximityLocation"], kept
    # "Prefer cheaper region (positive bias)": the US reaches over the Atlantic.
    upsert({**on_prem, "SetIdentifier": "US-East", "GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": 95}, "ResourceRecords": [{"Value": "198.51.100.1"}]})
    expect("www.example.com", {**near, LONDON: "198.51.100.1", SEATTLE: "198.51.100.1", SAN_FRANCISCO: "192.0.2.1", PARIS: "198.51.100.1"})
    clear("www.example.com")


def traffic_flow():
    checks = {name: route53.create_health_check(HealthCheckConfig={"Type": "TCP", "IPAddress": "127.0.0.1", "Port": 1, "Disabled": True})["HealthCheck"]["Id"]
              for name in ("hc-us-east-1", "hc-eu-west-1")}
    policy_document = json.loads('''{
  "AWSPolicyFormatVersion": "2015-10-01",
  "RecordType": "A",
  "Endpoints": {
    "us-east-1": {
      "Type": "value",
      "Value": "198.51.100.1"
    },
    "us-west-2": {
      "Type": "value",
      "Value": "198.51.100.2"
    },
    "eu-west-1": {
      "Type": "value",
      "Value": "203.0.113.1"
    }
  },
  "Rules": {
    "Geolocation Rule": {
      "RuleType": "geo",
      "GeolocationRules": [
        {
          "Location": "continent:NA",
          "EndpointReference": "us-east-1",
          "HealthCheck": "hc-us-east-1"
        },
        {
          "Location": "continent:EU",
          "EndpointReference": "eu-west-1",
          "HealthCheck": "hc-eu-west-1"
        }
      ]
    }
  }
}''', object_hook=lambda o: {k: checks.get(v, v) if k == "HealthCheck" else v for k, v in o.items()})
    policy = route53.create_traffic_policy(
        Name='GlobalAppPolicy',
        Document=json.dumps(policy_document)
    )
    kept = route53.get_traffic_policy(Id=policy["TrafficPolicy"]["Id"], Version=1)["TrafficPolicy"]["Document"]
    assert kept == json.dumps(policy_document), kept

    # Apply to multiple domains
    domains = [
        'api.example.com',
        'api.example.net',
        'api.example.org'
    ]
    instances = []

    for domain in domains:
        if domain != 'api.example.com':
            make_zone(domain[4:])  # an instance lies in the zone of its name
        made = route53.create_traffic_policy_instance(
            HostedZoneId='Z1234567890ABC',
            Name=domain,
            TTL=60,
            TrafficPolicyId=policy['TrafficPolicy']['Id'],
            TrafficPolicyVersion=1
        )
        instances.append(made["TrafficPolicyInstance"]["Id"])
    for id in instances:
        applied(id)
    for domain in domains:
        expect(domain, {NEW_YORK: "198.51.100.1", STANFORD: "198.51.100.1", LONDON: "203.0.113.1", PARIS: "203.0.113.1", TOKYO: []})
    # A health check that fails: nothing else is left for the continent, so the
    # answer stays (fail open); with a default location it moves.
    rule = policy_document["Rules"]["Geolocation Rule"]["GeolocationRules"]
    rule.append({"Location": "default", "EndpointReference": "us-west-2"})
    version = route53.create_traffic_policy_version(Id=policy['TrafficPolicy']['Id'], Document=json.dumps(policy_document))["TrafficPolicy"]["Version"]
    for id in instances:
        route53.update_traffic_policy_instance(Id=id, TTL=60, TrafficPolicyId=policy['TrafficPolicy']['Id'], TrafficPolicyVersion=version)
        applied(id)
    route53.update_health_check(HealthCheckId=checks["hc-us-east-1"], Inverted=True)  # a disabled check is healthy
    for domain in domains:
        end = time.monotonic() + 5
        while ask(domain, NEW_YORK) != ["198.51.100.2"] and time.monotonic() < end:
            time.sleep(0.05)
        expect(domain, {NEW_YORK: "198.51.100.2", LONDON: "203.0.113.1", TOKYO: "198.51.100.2"})


def applied(id):
    end = time.monotonic() + 10
    while (state := route53.get_traffic_policy_instance(Id=id)["TrafficPolicyInstance"])["State"] != "Applied":
        assert state["State"] in ("Creating", "Updating") and time.monotonic() < end, state
        time.sleep(0.02)


make_zone()
for example in (weighted, blue_green, latency, geolocation, geoproximity, traffic_flow):
    example()
print("ok")
