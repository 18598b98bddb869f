"""Health checks: every operation and type, then an endpoint that stops and comes back."""

import datetime
import http.server
import threading
import time

import boto3
from botocore.exceptions import ClientError


def create(reference, **config):
    return r53.create_health_check(CallerReference=reference, HealthCheckConfig=config)["HealthCheck"]


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        return e.response["Error"]["Message"]
    raise AssertionError(f"{code} was not raised")


def defaults(**more):
    return {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False, "Inverted": False, "Disabled": False, "EnableSNI": False, **more}


def types():
    """Every type is read back as it was written, with Amazon's defaults."""
    web = create("http", Type="HTTP", IPAddress="127.0.0.1", ResourcePath="/health")
    assert web["HealthCheckConfig"] == defaults(Type="HTTP", IPAddress="127.0.0.1", Port=80, ResourcePath="/health"), web
    assert web["HealthCheckVersion"] == 1 and web["CallerReference"] == "http", web
    tls = create("https", Type="HTTPS", FullyQualifiedDomainName="localhost", RequestInterval=10, MeasureLatency=True,
                 Regions=["us-east-1", "us-west-2", "eu-west-1"])
    assert tls["HealthCheckConfig"] == defaults(
        Type="HTTPS", FullyQualifiedDomainName="localhost", Port=443, RequestInterval=10, MeasureLatency=True, EnableSNI=True,
        Regions=["us-east-1", "us-west-2", "eu-west-1"]), tls
    match = create("match", Type="HTTP_STR_MATCH", IPAddress="127.0.0.1", SearchString='"ok" <&> ✓', Inverted=True)
    assert match["HealthCheckConfig"]["SearchString"] == '"ok" <&> ✓', match
    create("tlsmatch", Type="HTTPS_STR_MATCH", IPAddress="::1", Port=8443, SearchString="x", EnableSNI=False)
    tcp = create("tcp", Type="TCP", IPAddress="127.0.0.1", Port=25, FailureThreshold=10, Disabled=True)
    assert tcp["HealthCheckConfig"] == defaults(Type="TCP", IPAddress="127.0.0.1", Port=25, FailureThreshold=10, Disabled=True), tcp
    parent = create("calculated", Type="CALCULATED", HealthThreshold=1, ChildHealthChecks=[web["Id"], tcp["Id"]])
    assert parent["HealthCheckConfig"] == {
        "Type": "CALCULATED", "Inverted": False, "Disabled": False, "HealthThreshold": 1, "ChildHealthChecks": [web["Id"], tcp["Id"]]}, parent
    alarm = create("alarm", Type="RECOVERY_CONTROL", RoutingControlArn="arn:aws:route53-recovery-control::1:controlpanel/1/routingcontrol/1")
    assert alarm["HealthCheckConfig"]["RoutingControlArn"].endswith("/1"), alarm
    for check in (web, tls, match, tcp, parent, alarm):
        assert r53.get_health_check(HealthCheckId=check["Id"])["HealthCheck"] == check, check
    return web, parent


def references(web):
    config = {"Type": "HTTP", "IPAddress": "127.0.0.1", "ResourcePath": "/health"}
    assert create("http", **config) == web
    message = refused("HealthCheckAlreadyExists", create, "http", **{**config, "ResourcePath": "/"})
    assert message == "A different health check has already been created with the specified caller reference.", message


def lists(web):
    count = r53.get_health_check_count()["HealthCheckCount"]
    pages = list(r53.get_paginator("list_health_checks").paginate(PaginationConfig={"PageSize": 2}))
    ids = [c["Id"] for page in pages for c in page["HealthChecks"]]
    assert len(ids) == count == len(set(ids)) and ids == sorted(ids) and len(pages) == (count + 1) // 2, (count, ids)
    limit = r53.get_account_limit(Type="MAX_HEALTH_CHECKS_BY_OWNER")
    assert limit["Count"] == count and limit["Limit"]["Value"] == 200, limit


def updates(web, parent):
    id = web["Id"]
    changed = r53.update_health_check(HealthCheckId=id, HealthCheckVersion=1, Port=8080, Inverted=True)["HealthCheck"]
    assert changed["HealthCheckVersion"] == 2 and changed["HealthCheckConfig"]["Port"] == 8080, changed
    assert changed["HealthCheckConfig"]["ResourcePath"] == "/health", changed
    refused("HealthCheckVersionMismatch", r53.update_health_check, HealthCheckId=id, HealthCheckVersion=1, Port=1)
    changed = r53.update_health_check(HealthCheckId=id, ResetElements=["ResourcePath"], Inverted=False)["HealthCheck"]
    assert "ResourcePath" not in changed["HealthCheckConfig"], changed
    changed = r53.update_health_check(HealthCheckId=parent["Id"], ResetElements=["ChildHealthChecks"], HealthThreshold=0)["HealthCheck"]
    assert changed["HealthCheckConfig"]["HealthThreshold"] == 0, changed
    refused("InvalidInput", r53.update_health_check, HealthCheckId=id, HealthThreshold=1)
    refused("NoSuchHealthCheck", r53.update_health_check, HealthCheckId="none", Port=1)


def tags(web):
    r53.change_tags_for_resource(ResourceType="healthcheck", ResourceId=web["Id"], AddTags=[{"Key": "Name", "Value": "web ✓"}])
    listed = r53.list_tags_for_resource(ResourceType="healthcheck", ResourceId=web["Id"])["ResourceTagSet"]
    assert listed == {"ResourceType": "healthcheck", "ResourceId": web["Id"], "Tags": [{"Key": "Name", "Value": "web ✓"}]}, listed
    refused("NoSuchHealthCheck", r53.list_tags_for_resource, ResourceType="healthcheck", ResourceId="none")


class Handler(http.server.BaseHTTPRequestHandler):
    agents = []

    def do_GET(self):
        Handler.agents.append(self.headers["User-Agent"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"all is well")

    def log_message(self, *args):
        pass


def start(port=0):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def observed(id, operation=None):
    return (operation or r53.get_health_check_status)(HealthCheckId=id)["HealthCheckObservations"]


def await_status(id, prefix, seconds):
    begin = time.monotonic()
    while True:
        seen = observed(id)
        if seen and seen[0]["StatusReport"]["Status"].startswith(prefix):
            return time.monotonic() - begin, seen[0]
        assert time.monotonic() - begin < seconds, seen
        time.sleep(0.05)


def endpoint():
    server = start()
    port = server.server_address[1]
    check = create("live", Type="HTTP_STR_MATCH", IPAddress="127.0.0.1", Port=port, SearchString="well", RequestInterval=10, FailureThreshold=1)
    id = check["Id"]
    took, seen = await_status(id, "Success", 5)
    assert seen["StatusReport"]["Status"] == "Success: HTTP Status Code 200, OK", seen
    assert seen["Region"] == "us-east-1" and seen["IPAddress"] == "127.0.0.1", seen
    age = datetime.datetime.now(datetime.timezone.utc) - seen["StatusReport"]["CheckedTime"]
    assert abs(age) < datetime.timedelta(seconds=10), age
    agent = f"Amazon-Route53-Health-Check-Service (ref {id}; report http://amzn.to/1vsZADi)"
    assert Handler.agents[0] == agent, Handler.agents
    reason = observed(id, r53.get_health_check_last_failure_reason)[0]["StatusReport"]["Status"]
    assert reason.startswith("The health check endpoint has not failed since the Route 53 health checker for this endpoint restarted at "), reason
    server.shutdown()
    server.server_close()
    took, seen = await_status(id, "Failure", 15)
    assert took <= 11, took
    assert "could not establish a connection" in seen["StatusReport"]["Status"], seen
    reason = observed(id, r53.get_health_check_last_failure_reason)[0]
    assert reason["StatusReport"]["Status"] == seen["StatusReport"]["Status"], reason
    server = start(port)
    took, _ = await_status(id, "Success", 15)
    assert took <= 11, took
    server.shutdown()


def deletes(web, parent):
    refused("InvalidInput", r53.get_health_check_status, HealthCheckId=parent["Id"])
    for check in (web, parent):
        r53.delete_health_check(HealthCheckId=check["Id"])
        refused("NoSuchHealthCheck", r53.delete_health_check, HealthCheckId=check["Id"])
        refused("NoSuchHealthCheck", r53.get_health_check, HealthCheckId=check["Id"])
    refused("HealthCheckAlreadyExists", create, "http", Type="HTTP", IPAddress="127.0.0.1", ResourcePath="/health")


r53 = boto3.client("route53")
assert r53.get_checker_ip_ranges()["CheckerIpRanges"] == ["127.0.0.1/32", "::1/128"]
web, parent = types()
references(web)
lists(web)
updates(web, parent)
tags(web)
deletes(web, parent)
endpoint()
print("ok")
