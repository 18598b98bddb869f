"""What a server in production makes of credentials that are no good."""

import datetime
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore.auth
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

MISMATCH = ("The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
good = boto3.Session().get_credentials()


def client(**settings):
    return boto3.Session().client("route53", endpoint_url=os.environ["AWS_ENDPOINT_URL"], **settings)


def refused(r53, code, message, status=403):
    for call in (lambda: r53.list_hosted_zones(),
                 lambda: r53.create_hosted_zone(Name="refused.example", CallerReference="refused")):
        try:
            call()
        except ClientError as e:
            assert e.response["Error"]["Code"] == code, e.response
            assert message(e.response["Error"]["Message"]) if callable(message) else e.response["Error"]["Message"] == message, e.response
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == status, e.response
        else:
            sys.exit("not refused: " + code)


refused(client(aws_access_key_id=good.access_key, aws_secret_access_key="wrong"), "SignatureDoesNotMatch", MISMATCH)
refused(client(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="wrong"),
        "InvalidClientTokenId", "The security token included in the request is invalid.")
refused(client(aws_access_key_id=good.access_key, aws_secret_access_key=good.secret_key, aws_session_token="token"),
        "InvalidClientTokenId", "The security token included in the request is invalid.")
refused(client(config=Config(signature_version=UNSIGNED)), "MissingAuthenticationToken", "Missing Authentication Token")


class Clock(datetime.datetime):
    """botocore's clock, wrong by ten minutes."""
    off = 0

    @classmethod
    def utcnow(cls):
        return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(minutes=cls.off)


if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: Clock.utcnow()
else:
    botocore.auth.datetime.datetime = Clock


def expired(text):
    return text.startswith("Signature expired: 2") and " is now earlier than 2" in text and text.endswith(" - 5 min.)")


def early(text):
    return text.startswith("Signature not yet current: 2") and " is still later than 2" in text and text.endswith(" + 5 min.)")


Clock.off = -10
refused(client(), "SignatureDoesNotMatch", expired)
Clock.off = +10
refused(client(), "SignatureDoesNotMatch", early)
Clock.off = 0


# Presigned requests: a GET that a browser or curl can send.
def get(url):
    try:
        with urllib.request.urlopen(url) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


r53 = client()
zone = r53.create_hosted_zone(Name="presigned.example", CallerReference="presigned")["HostedZone"]["Id"]
url = r53.generate_presigned_url("list_resource_record_sets", Params={"HostedZoneId": zone, "StartRecordName": "presigned.example", "MaxItems": "1"}, ExpiresIn=60)
status, body = get(url)
assert status == 200 and "<Name>presigned.example.</Name>" in body and "<IsTruncated>true</IsTruncated>" in body, (status, body)
for changed in (url.replace("maxitems=1", "maxitems=2"), url.replace("/rrset", "/dnssec"), url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")):
    assert changed != url, url
    status, body = get(changed)
    assert status == 403 and "<Code>SignatureDoesNotMatch</Code>" in body, (changed, status, body)
short = r53.generate_presigned_url("list_hosted_zones", ExpiresIn=1)
time.sleep(2.1)
status, body = get(short)
assert status == 403 and "<Code>SignatureDoesNotMatch</Code>" in body and "<Message>Signature expired: " in body, (status, body)
assert [z["Name"] for z in r53.list_hosted_zones()["HostedZones"]] == ["presigned.example."]
print("ok")
