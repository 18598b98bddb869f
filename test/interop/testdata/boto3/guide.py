"""What the examples of a guide to Route 53 stand on, so that they run as they are.

The examples name things that a server gives out (zone ids, ids of health
checks), and leave out what boto3 insists on. A hook of boto3 puts that in on
the way to the server:

  placeholders       text of an example -> what stands for it
  endpoints          host name of a check -> the Endpoint whose port is its own
  CallerReference    one of its own where there is none
  ContinentCode '*'  CountryCode '*': boto3 itself refuses the former
  RequestInterval    10, so that tests end

After a change of records the hook waits until DNS answers by it.
"""

import http.server
import itertools
import os
import ssl
import subprocess
import threading
import time

import boto3

placeholders = {}
endpoints = {}
references = itertools.count()
route53 = boto3.client("route53")
cloudwatch = boto3.client("cloudwatch")

# Networks whose places databases know: universities, a broadcaster, a provider.
NEW_YORK, STANFORD, SAN_FRANCISCO, SEATTLE = "128.59.0.0/24", "171.64.0.0/24", "138.202.0.0/24", "128.95.0.0/24"
LONDON, PARIS, TOKYO, SYDNEY, JOHANNESBURG = "212.58.244.0/24", "212.27.48.0/24", "133.11.0.0/24", "129.78.0.0/24", "41.0.0.0/24"
NOWHERE = "10.9.8.0/24"


class Endpoint:
    """An HTTP server on the loopback interface that can be stopped and started."""

    def __init__(self, host, tls=False):
        self.port, self.tls = 0, tls
        self.start()
        endpoints[host] = self

    def start(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Health)
        self.server.daemon_threads = True
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.environ["CERT"], os.environ["KEY"])
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def real(value):
    """Puts what stands for placeholders into parameters."""
    if isinstance(value, str):
        return placeholders.get(value, value)
    if isinstance(value, list):
        return [real(v) for v in value]
    if value == {"ContinentCode": "*"}:
        return {"CountryCode": "*"}
    if isinstance(value, dict):
        return {k: real(v) for k, v in value.items()}
    return value


def prepare(params, model, **_):
    params = real(params)
    if model.name == "CreateHealthCheck":
        params.setdefault("CallerReference", f"reference-{next(references)}")
        config = params["HealthCheckConfig"]
        if "RequestInterval" in config:
            config["RequestInterval"] = 10
        if config.get("FullyQualifiedDomainName") in endpoints:
            config["Port"] = endpoints[config["FullyQualifiedDomainName"]].port
    return params


def served(parsed, **_):
    if "ChangeInfo" in parsed:
        route53.get_waiter("resource_record_sets_changed").wait(Id=parsed["ChangeInfo"]["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})


route53.meta.events.register("provide-client-params.*.*", prepare)
cloudwatch.meta.events.register("provide-client-params.*.*", prepare)
route53.meta.events.register("after-call.*.ChangeResourceRecordSets", served)


def make_zone(name="example.com"):
    """Makes the zone that examples call Z1234567890ABC."""
    made = route53.create_hosted_zone(Name=name, CallerReference=f"zone-{name}")["HostedZone"]["Id"]
    placeholders["Z1234567890ABC"] = made
    return made


def upsert(*sets):
    """Makes the record sets of an example that shows them alone."""
    changes = [{"Action": "UPSERT", "ResourceRecordSet": s} for s in sets]
    route53.change_resource_record_sets(HostedZoneId="Z1234567890ABC", ChangeBatch={"Changes": changes})


def clear(name, rrtype="A"):
    """Ends an example: the next one has other plans with the name."""
    sets = route53.list_resource_record_sets(HostedZoneId="Z1234567890ABC", StartRecordName=name, StartRecordType=rrtype)["ResourceRecordSets"]
    changes = [{"Action": "DELETE", "ResourceRecordSet": s} for s in sets if s["Name"] == name + "." and s["Type"] == rrtype]
    route53.change_resource_record_sets(HostedZoneId="Z1234567890ABC", ChangeBatch={"Changes": changes})


def dig(*arguments):
    command = ["dig", "@" + os.environ["DNS_HOST"], "-p", os.environ["DNS_PORT"], "+short", "+norec", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def ask(name, subnet=NOWHERE, rrtype="A"):
    return sorted(dig("+subnet=" + subnet, name, rrtype))


def expect(name, answers):
    """Asks for clients of several networks; a text is one answer, a list is all."""
    for subnet, want in answers.items():
        got = ask(name, subnet)
        assert got == ([want] if isinstance(want, str) else sorted(want)), (name, subnet, got, want)


def shares(name, queries=600, subnet=NOWHERE):
    """How often each value is answered, of 1."""
    lines = dig("+subnet=" + subnet, *[name, "A"] * queries)
    assert len(lines) == queries, lines
    return {value: lines.count(value) / queries for value in set(lines)}


def about(got, want):
    """Shares of 600 answers are within 5 standard deviations of what they should be."""
    assert got.keys() == {v for v, share in want.items() if share}, (got, want)
    for value, share in want.items():
        assert abs(got.get(value, 0) - share) <= 5 * (share * (1 - share) / 600) ** 0.5, (got, want)


def until(seconds, name, answers):
    """Waits until DNS answers so, and returns how long it took."""
    begin = time.monotonic()
    while True:
        try:
            expect(name, answers)
            return time.monotonic() - begin
        except AssertionError:
            if time.monotonic() - begin > seconds:
                raise
        time.sleep(0.05)


def status(check):
    """Whether probes of the check succeed; None before the first."""
    seen = route53.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
    return seen[0]["StatusReport"]["Status"].startswith("Success") if seen else None


def probed(*checks):
    """Waits until the first probe of each check has succeeded."""
    end = time.monotonic() + 10
    while not all(status(c) for c in checks):
        assert time.monotonic() < end, "checks are not probed"
        time.sleep(0.05)
