"""Runs the cases of boto_test.go with boto3.

Reads a JSON list from the file named by the second argument; the first is the
endpoint. Each case is a call and what must come back. Prints one line for each
case that differs and exits with status 1 if there is any.
"""
import datetime
import json
import sys

import boto3
import botocore.exceptions
from botocore.config import Config


def plain(value):
    """Makes an answer comparable with JSON."""
    if isinstance(value, datetime.datetime):
        utc = value.astimezone(datetime.timezone.utc)
        return utc.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (utc.microsecond // 1000)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def run(client, case):
    """Makes the call and returns what came back, as a case has it."""
    if case["operation"] == "wait":
        waiter = client.get_waiter("resource_record_sets_changed")
        waiter.wait(**case["in"], WaiterConfig={"Delay": 0, "MaxAttempts": 5})
        return {"out": {}}
    names = {api: name for name, api in client.meta.method_to_api_mapping.items()}
    try:
        return {"out": plain(getattr(client, names[case["operation"]])(**case["in"]))}
    except botocore.exceptions.ClientError as e:
        meta = e.response["ResponseMetadata"]
        if not meta["RequestId"]:
            raise
        return {"err": [type(e).__name__, e.response["Error"]["Code"], e.response["Error"]["Message"], meta["HTTPStatusCode"]]}


def main():
    endpoint, path = sys.argv[1:]
    client = boto3.client(
        "route53",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    failed = 0
    with open(path, encoding="utf-8") as f:
        cases = json.load(f)
    for i, case in enumerate(cases):
        want = {k: case[k] for k in ("out", "err") if k in case}
        got = run(client, case)
        if got != want:
            failed = 1
            print("case %d, %s: got %r, want %r" % (i, case["operation"], got, want))
    sys.exit(failed)


main()
