# Signs random requests with botocore and prints one JSON object per line.
import base64, datetime, json, random
from unittest import mock

import botocore.auth, botocore.awsrequest, botocore.credentials
from botocore.compat import quote
from botocore.utils import percent_encode_sequence

rnd = random.Random(7)
alphabet = "abcXYZ019-._~ /%+&=;:@!$'()*,?#[]\"<>\\^`{|}éßሴ"
text = lambda n: "".join(rnd.choice(alphabet) for _ in range(rnd.randint(0, n)))
when = datetime.datetime(2026, 3, 1, 10, 20, 30)

for i in range(400):
    path = "".join("/" + quote(text(6), safe=rnd.choice(["", "/", "~"])) for _ in range(rnd.randint(1, 4)))
    query = percent_encode_sequence([(text(4) or "k", text(8)) for _ in range(rnd.randint(0, 3))])
    form = ["header", "date", "query"][i % 3]
    body = text(40).encode() if form != "query" and rnd.random() < 0.5 else b""
    request = botocore.awsrequest.AWSRequest(
        method=rnd.choice(["GET", "POST", "DELETE"]),
        url="http://localhost:4566" + path + ("?" + query if query else ""), data=body)
    request.headers["Content-Type"] = "application/xml"
    request.headers["User-Agent"] = "not signed"
    if rnd.random() < 0.3:
        request.headers["X-Amz-Target"] = "Service.Operation"
    if form == "date":
        request.headers["Date"] = "x"
    credentials = botocore.credentials.Credentials(
        "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", rnd.choice([None, "to/ken+="]))
    auth = (botocore.auth.SigV4QueryAuth if form == "query" else botocore.auth.SigV4Auth)(credentials, "route53", "us-east-1")
    with mock.patch("botocore.auth.get_current_datetime", lambda: when):
        auth.add_auth(request)
    prepared = request.prepare()
    print(json.dumps({
        "method": prepared.method, "form": form,
        "target": prepared.url[len("http://localhost:4566"):] or "/",
        "headers": [[k, v.decode() if isinstance(v, bytes) else v] for k, v in prepared.headers.items()],
        "body": base64.b64encode(body).decode(),
    }))
