"""The guide's hosted zones, record types and simple routing."""

import json
import os
import shutil
import subprocess

import boto3
from guide import ask, dig, placeholders, route53, upsert


def public_zone():
    response = route53.create_hosted_zone(
        Name='example.com',
        CallerReference='2024-01-31-12345',  # Unique identifier
        HostedZoneConfig={
            'Comment': 'Production domain',
            'PrivateZone': False
        }
    )

    zone_id = response['HostedZone']['Id']
    nameservers = response['DelegationSet']['NameServers']
    assert zone_id.startswith("/hostedzone/Z") and len(nameservers) == 4, response
    assert ask("example.com", rrtype="NS") == sorted(n + "." for n in nameservers)
    placeholders["Z1234567890ABC"] = zone_id


def private_zone():
    response = route53.create_hosted_zone(
        Name='internal.example.com',
        CallerReference='2024-01-31-54321',
        VPC={
            'VPCRegion': 'us-east-1',
            'VPCId': 'vpc-12345678'
        },
        HostedZoneConfig={
            'Comment': 'Internal services',
            'PrivateZone': True
        }
    )
    zone_id = response['HostedZone']['Id']

    # Associate with additional VPCs
    route53.associate_vpc_with_hosted_zone(
        HostedZoneId=zone_id,
        VPC={
            'VPCRegion': 'us-west-2',
            'VPCId': 'vpc-87654321'
        }
    )
    # Where the networks are, which EC2 would know.
    for vpc, block in (("us-east-1:vpc-12345678", "127.10.0.0/16"), ("us-west-2:vpc-87654321", "127.11.0.0/16"), ("us-west-2:vpc-11111111", "127.12.0.0/16")):
        subprocess.run(["open53", "vpc", "set", vpc, "--cidr", block], check=True, capture_output=True)
    values = {"db": "10.0.1.5", "cache": "10.0.2.10"}
    alias = {"HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": "internal-alb.us-east-1.elb.amazonaws.com", "EvaluateTargetHealth": True}
    changes = [{"Action": "CREATE", "ResourceRecordSet": {"Name": f"{n}.internal.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": v}]}} for n, v in values.items()]
    changes.append({"Action": "CREATE", "ResourceRecordSet": {"Name": "api.internal.example.com", "Type": "A", "AliasTarget": alias}})
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    for name, value in {**values, "api": "10.0.3.7"}.items():
        for source in ("127.10.0.1", "127.11.200.1"):
            assert dig("-b", source, f"{name}.internal.example.com") == [value], (name, source)
        for source in ("127.12.0.1", "127.0.0.1"):  # another VPC, and the internet
            assert dig("-b", source, f"{name}.internal.example.com") == [], (name, source)


def address():
    batch = '''{
    "Changes": [{
      "Action": "CREATE",
      "ResourceRecordSet": {
        "Name": "www.example.com",
        "Type": "A",
        "TTL": 300,
        "ResourceRecords": [{"Value": "198.51.100.1"}]
      }
    }]
  }'''
    zone_id = placeholders["Z1234567890ABC"]
    if shutil.which("aws"):
        # Versions of before 2023 want the endpoint as a flag.
        command = ["aws", "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], "route53", "change-resource-record-sets", "--hosted-zone-id", zone_id, "--change-batch", batch]
        subprocess.run(command, check=True, capture_output=True)
    else:
        boto3.client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=json.loads(batch))
    route53.change_resource_record_sets(
        HostedZoneId='Z1234567890ABC',
        ChangeBatch={
            'Changes': [{
                'Action': 'UPSERT',  # CREATE or UPDATE
                'ResourceRecordSet': {
                    'Name': 'www.example.com',
                    'Type': 'A',
                    'TTL': 300,
                    'ResourceRecords': [{'Value': '198.51.100.1'}]
                }
            }]
        }
    )
    assert ask("www.example.com") == ["198.51.100.1"]


# Each record of the guide, and what dig says of it.
RECORDS = [
    ({
        'Name': 'www.example.com',
        'Type': 'AAAA',
        'TTL': 300,
        'ResourceRecords': [{'Value': '2001:0db8:85a3::8a2e:0370:7334'}]
    }, ["2001:db8:85a3::8a2e:370:7334"]),
    ({
        'Name': 'blog.example.com',
        'Type': 'CNAME',
        'TTL': 300,
        'ResourceRecords': [{'Value': 'example.wordpress.com'}]
    }, ["example.wordpress.com."]),
    ({
        'Name': 'example.com',  # Apex domain supported
        'Type': 'A',
        'AliasTarget': {
            'HostedZoneId': 'Z2FDTNDATAQYW2',  # CloudFront hosted zone
            'DNSName': 'd111111abcdef8.cloudfront.net',
            'EvaluateTargetHealth': False
        }
    }, ["198.51.100.14"]),
    ({
        'Name': 'api.example.com',
        'Type': 'A',
        'AliasTarget': {
            'HostedZoneId': 'Z215JYRZR1TBD5',  # ALB hosted zone (us-east-1)
            'DNSName': 'my-alb-123456.us-east-1.elb.amazonaws.com',
            'EvaluateTargetHealth': True  # Use ALB health checks
        }
    }, ["198.51.100.13"]),
    ({
        'Name': 'static.example.com',
        'Type': 'A',
        'AliasTarget': {
            'HostedZoneId': 'Z3AQBSTGFYJSTF',  # S3 website hosted zone (us-east-1)
            'DNSName': 's3-website-us-east-1.amazonaws.com',
            'EvaluateTargetHealth': False
        }
    }, ["198.51.100.15"]),
    ({
        'Name': 'example.com',
        'Type': 'MX',
        'TTL': 3600,
        'ResourceRecords': [
            {'Value': '1 aspmx.l.google.com'},
            {'Value': '5 alt1.aspmx.l.google.com'},
            {'Value': '5 alt2.aspmx.l.google.com'},
            {'Value': '10 alt3.aspmx.l.google.com'},
            {'Value': '10 alt4.aspmx.l.google.com'}
        ]
    }, ["1 aspmx.l.google.com.", "10 alt3.aspmx.l.google.com.", "10 alt4.aspmx.l.google.com.", "5 alt1.aspmx.l.google.com.", "5 alt2.aspmx.l.google.com."]),
    ({
        'Name': 'example.com',
        'Type': 'TXT',
        'TTL': 300,
        'ResourceRecords': [{'Value': '"v=spf1 include:_spf.google.com ~all"'}]
    }, ['"v=spf1 include:_spf.google.com ~all"']),
    ({
        'Name': 'example.com',
        'Type': 'TXT',
        'TTL': 300,
        'ResourceRecords': [{'Value': '"google-site-verification=abc123xyz"'}]
    }, ['"google-site-verification=abc123xyz"']),
    ({
        'Name': 'default._domainkey.example.com',
        'Type': 'TXT',
        'TTL': 300,
        'ResourceRecords': [{'Value': '"v=DKIM1; k=rsa; p=MIGfMA0GCS..."'}]
    }, ['"v=DKIM1; k=rsa; p=MIGfMA0GCS..."']),
    ({
        'Name': '_minecraft._tcp.example.com',
        'Type': 'SRV',
        'TTL': 300,
        'ResourceRecords': [
            {'Value': '0 5 25565 mc.example.com'}
            # Priority Weight Port Target
        ]
    }, ["0 5 25565 mc.example.com."]),
    ({
        'Name': 'example.com',
        'Type': 'CAA',
        'TTL': 300,
        'ResourceRecords': [
            {'Value': '0 issue "letsencrypt.org"'},
            {'Value': '0 issue "amazon.com"'},
            {'Value': '0 issuewild ";"'}  # Prevent wildcard certs
        ]
    }, ['0 issue "amazon.com"', '0 issue "letsencrypt.org"', '0 issuewild ";"']),
    ({
        'Name': 'www.example.com',
        'Type': 'A',
        'TTL': 300,
        'ResourceRecords': [
            {'Value': '198.51.100.1'}
        ]
    }, ["198.51.100.1"]),
    ({
        'Name': 'www.example.com',
        'Type': 'A',
        'TTL': 300,
        'ResourceRecords': [
            {'Value': '198.51.100.1'},
            {'Value': '198.51.100.2'},
            {'Value': '198.51.100.3'}
        ]
    }, ["198.51.100.1", "198.51.100.2", "198.51.100.3"]),
]


def records():
    for record, want in RECORDS:
        upsert(record)
        assert ask(record["Name"], rrtype=record["Type"]) == want, (record, ask(record["Name"], rrtype=record["Type"]))
    # "Multiple IPs (returned in random order)"
    assert len({dig("www.example.com")[0] for _ in range(40)}) == 3
    try:
        upsert({"Name": "example.com", "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": "something.else.com"}]})
        raise AssertionError("a CNAME at the apex was taken")
    except route53.exceptions.InvalidChangeBatch:
        pass


def delegation():
    upsert({
        'Name': 'partner.example.com',
        'Type': 'NS',
        'TTL': 172800,  # 2 days
        'ResourceRecords': [
            {'Value': 'ns1.partner-dns.com'},
            {'Value': 'ns2.partner-dns.com'}
        ]
    })
    command = ["dig", "@" + os.environ["DNS_HOST"], "-p", os.environ["DNS_PORT"], "+norec", "+noall", "+authority", "www.partner.example.com"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert sorted(line.split()[-1] for line in lines) == ["ns1.partner-dns.com.", "ns2.partner-dns.com."], lines


public_zone()
private_zone()
address()
records()
delegation()
print("ok")
