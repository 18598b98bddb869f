"""More requests than the server lets through: boto3, on its defaults, copes."""

import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

r53 = boto3.client("route53", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
retries = sum(r53.get_hosted_zone_count()["ResponseMetadata"]["RetryAttempts"] for _ in range(80))
assert retries > 0, "nothing was throttled"

once = boto3.client("route53", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=Config(retries={"total_max_attempts": 1}))
try:
    for _ in range(60):
        once.get_hosted_zone_count()
    assert False, "nothing was throttled"
except ClientError as e:
    assert e.response["Error"] == {"Type": "Sender", "Code": "Throttling", "Message": "Rate exceeded"}, e.response
    assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400, e.response
print("ok")
