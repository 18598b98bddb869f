"""VPCs by the EC2 API and private hosted zones, seen from many addresses with dig."""

import os
import subprocess

import boto3
from botocore.exceptions import ClientError

QUICK = {"Delay": 1, "MaxAttempts": 60}


def client(service, region="us-east-1", account=None):
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "x"} if account else {}
    return boto3.client(service, region_name=region, **keys)


ec2, r53 = client("ec2"), client("route53")


def dig(source, name, type="A", *options):
    command = ["dig", "-b", source, "@" + os.environ["DNS_HOST"], "-p", os.environ["DNS_PORT"], name, type, "+norec", *options]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    status = out.split("status: ")[1].split(",")[0]
    answers = [line.split()[4] for line in out.splitlines() if line and line[0] != ";" and line.split()[3] == type and "ANSWER SECTION" in out]
    return status, sorted(answers) if status == "NOERROR" else []


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, (e, code)
        return e
    raise AssertionError(f"{code} expected")


def vpc(api, block, hostnames=True, **more):
    made = api.create_vpc(CidrBlock=block, **more)["Vpc"]
    api.get_waiter("vpc_available").wait(VpcIds=[made["VpcId"]], WaiterConfig=QUICK)
    if hostnames:
        api.modify_vpc_attribute(VpcId=made["VpcId"], EnableDnsHostnames={"Value": True})
    return made["VpcId"]


def zone(name, region=None, vpc=None, api=None, **records):
    more = {"VPC": {"VPCRegion": region, "VPCId": vpc}} if vpc else {}
    made = (api or r53).create_hosted_zone(Name=name, CallerReference=os.urandom(8).hex(), **more)
    changes = [{"Action": "CREATE", "ResourceRecordSet": {
        "Name": f"{label}.{name}", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}]}} for label, value in records.items()]
    info = r53.change_resource_record_sets(HostedZoneId=made["HostedZone"]["Id"], ChangeBatch={"Changes": changes})["ChangeInfo"]
    wait(info)
    return made["HostedZone"]["Id"]


def wait(info):
    r53.get_waiter("resource_record_sets_changed").wait(Id=info["Id"], WaiterConfig=QUICK)


def ec2_api():
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "büro & <1>"}]}]
    first = vpc(ec2, "127.20.0.0/16", TagSpecifications=tags, AmazonProvidedIpv6CidrBlock=True)
    seen = ec2.describe_vpcs(VpcIds=[first])["Vpcs"][0]
    assert seen["State"] == "available" and seen["OwnerId"] == "000000000000" and not seen["IsDefault"], seen
    assert seen["Tags"] == [{"Key": "Name", "Value": "büro & <1>"}], seen
    assert [b["CidrBlockState"]["State"] for b in seen["CidrBlockAssociationSet"]] == ["associated"], seen
    assert seen["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].endswith("::/56"), seen
    attributes = {a: ec2.describe_vpc_attribute(VpcId=first, Attribute=a)[a[0].upper() + a[1:]]["Value"]
                  for a in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")}
    assert attributes == {"enableDnsSupport": True, "enableDnsHostnames": True, "enableNetworkAddressUsageMetrics": False}, attributes
    ids = {ec2.create_vpc(CidrBlock=f"172.16.{i}.0/24")["Vpc"]["VpcId"] for i in range(12)}
    pages = list(ec2.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5}))
    assert len(pages) == 3 and {v["VpcId"] for p in pages for v in p["Vpcs"]} == ids | {first}, pages
    assert client("ec2", "eu-west-1").describe_vpcs()["Vpcs"] == []
    assert client("ec2", account="555566667777").describe_vpcs()["Vpcs"] == []
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["b*"]}, {"Name": "cidr", "Values": ["127.20.0.0/16"]}])["Vpcs"]
    assert [v["VpcId"] for v in found] == [first], found
    more = ec2.associate_vpc_cidr_block(VpcId=first, CidrBlock="127.21.0.0/16")["CidrBlockAssociation"]
    ec2.disassociate_vpc_cidr_block(AssociationId=more["AssociationId"])
    ec2.create_tags(Resources=list(ids), Tags=[{"Key": "temporary", "Value": "yes"}])
    assert len(ec2.describe_tags(Filters=[{"Name": "key", "Values": ["temporary"]}])["Tags"]) == 12
    ec2.delete_tags(Resources=list(ids), Tags=[{"Key": "temporary"}])
    for id in ids:
        ec2.delete_vpc(VpcId=id)
    assert [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"]] == [first]
    for call, result in ((ec2.describe_network_acls, "NetworkAcls"), (ec2.describe_route_tables, "RouteTables"), (ec2.describe_security_groups, "SecurityGroups")):
        assert call(Filters=[{"Name": "vpc-id", "Values": [first]}])[result] == []
    assert "eu-west-1" in [r["RegionName"] for r in ec2.describe_regions()["Regions"]]
    refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[ids.pop()])
    refused("InvalidVpc.Range", ec2.create_vpc, CidrBlock="10.0.0.0/8")
    refused("InvalidAction", ec2.describe_instances)
    error = refused("DryRunOperation", ec2.delete_vpc, VpcId=first, DryRun=True)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    ec2.delete_vpc(VpcId=first)


def views():
    europe = client("ec2", "eu-west-1")
    a, b, inner = vpc(ec2, "127.10.0.0/16"), vpc(europe, "127.11.0.0/16"), vpc(ec2, "127.10.7.0/24")
    zone("view.test", www="192.0.2.1", only="192.0.2.2")
    private = zone("view.test", "us-east-1", a, www="10.0.0.1")
    zone("deep.view.test", "us-east-1", a, db="10.0.0.5")
    zone("view.test", "eu-west-1", b, www="10.1.0.1")
    everyone = ("NOERROR", ["192.0.2.1"])
    assert dig("127.0.0.1", "www.view.test") == everyone
    assert dig("127.10.0.1", "www.view.test") == ("NOERROR", ["10.0.0.1"])
    assert dig("127.10.0.1", "www.view.test", "A", "+tcp") == ("NOERROR", ["10.0.0.1"])
    assert dig("127.11.255.255", "www.view.test") == ("NOERROR", ["10.1.0.1"])
    # The more specific network has no private zone.
    assert dig("127.10.7.9", "www.view.test") == everyone
    # A private zone hides what is public.
    assert dig("127.10.0.1", "only.view.test") == ("NXDOMAIN", [])
    assert dig("127.0.0.1", "only.view.test") == ("NOERROR", ["192.0.2.2"])
    # The most specific private zone answers, alone.
    assert dig("127.10.0.1", "db.deep.view.test") == ("NOERROR", ["10.0.0.5"])
    assert dig("127.10.0.1", "www.deep.view.test") == ("NXDOMAIN", [])
    assert dig("127.11.0.1", "db.deep.view.test") == ("NXDOMAIN", [])
    assert dig("127.0.0.1", "db.deep.view.test") == ("NXDOMAIN", [])
    # A client subnet does not make a client of a VPC.
    assert dig("127.0.0.1", "www.view.test", "A", "+subnet=127.10.0.1/32") == everyone
    # One zone of a name for a VPC.
    refused("ConflictingDomainExists", r53.create_hosted_zone, Name="view.test", CallerReference="again", VPC={"VPCRegion": "us-east-1", "VPCId": a})
    # A VPC is in its region.
    refused("InvalidVPCId", r53.associate_vpc_with_hosted_zone, HostedZoneId=private, VPC={"VPCRegion": "us-west-2", "VPCId": inner})
    # Associations come and go.
    here = {"HostedZoneId": private, "VPC": {"VPCRegion": "us-east-1", "VPCId": inner}}
    wait(r53.associate_vpc_with_hosted_zone(**here)["ChangeInfo"])
    assert dig("127.10.7.9", "www.view.test") == ("NOERROR", ["10.0.0.1"])
    assert dig("127.10.7.9", "db.deep.view.test") == ("NXDOMAIN", [])
    wait(r53.disassociate_vpc_from_hosted_zone(**here)["ChangeInfo"])
    assert dig("127.10.7.9", "www.view.test") == everyone
    refused("LastVPCAssociation", r53.disassociate_vpc_from_hosted_zone, HostedZoneId=private, VPC={"VPCRegion": "us-east-1", "VPCId": a})
    # Both attributes are needed.
    for name in ("EnableDnsHostnames", "EnableDnsSupport"):
        ec2.modify_vpc_attribute(VpcId=a, **{name: {"Value": False}})
        assert dig("127.10.0.1", "www.view.test") == everyone
        ec2.modify_vpc_attribute(VpcId=a, **{name: {"Value": True}})
        assert dig("127.10.0.1", "www.view.test") == ("NOERROR", ["10.0.0.1"])
    # The network goes, its clients are like any other; the zone stays.
    ec2.delete_vpc(VpcId=a)
    assert dig("127.10.0.1", "www.view.test") == everyone
    assert len(r53.get_hosted_zone(Id=private)["VPCs"]) == 1


def accounts():
    other = "222233334444"
    theirs, their53 = client("ec2", "eu-west-1", other), client("route53", account=other)
    guest = vpc(theirs, "127.14.0.0/16")
    shared = zone("shared.test", "us-east-1", vpc(ec2, "127.15.0.0/16"), www="10.0.0.7")
    here = {"HostedZoneId": shared, "VPC": {"VPCRegion": "eu-west-1", "VPCId": guest}}
    refused("NotAuthorizedException", their53.associate_vpc_with_hosted_zone, **here)
    refused("InvalidVPCId", r53.associate_vpc_with_hosted_zone, **here)
    refused("AccessDenied", their53.create_vpc_association_authorization, **here)
    r53.create_vpc_association_authorization(**here)
    assert r53.list_vpc_association_authorizations(HostedZoneId=shared)["VPCs"] == [here["VPC"]]
    wait(their53.associate_vpc_with_hosted_zone(**here)["ChangeInfo"])
    r53.delete_vpc_association_authorization(**here)
    assert dig("127.14.3.4", "www.shared.test") == ("NOERROR", ["10.0.0.7"])
    owners = [z["Owner"]["OwningAccount"] for z in their53.list_hosted_zones_by_vpc(VPCId=guest, VPCRegion="eu-west-1")["HostedZoneSummaries"]]
    assert owners == ["000000000000"], owners


ec2_api()
views()
accounts()
print("ok")
