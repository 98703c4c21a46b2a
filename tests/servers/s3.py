"""A small store that speaks S3 about one bucket, and checks every signature by itself.

    with s3_server("groups") as server:
        S3Bucket(server.login, allow_private=True).put(path, "a/b.csv")
        server.objects["a/b.csv"]

It knows single and multipart uploads, a look at an object, and its removal. `server.refused` holds
why requests were turned away. Faults: see tests/servers/scripted.py. The signature is worked out
from the request as it came, after Amazon's description (Signature Version 4), with no library.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from rollbook.remote.s3 import S3Login
from tests.servers.scripted import Reply, ScriptedServer, Seen

_XML = {"Content-Type": "application/xml"}


class S3Server(ScriptedServer):
    def __init__(self, bucket: str) -> None:
        super().__init__()
        self.bucket = bucket
        self.region = "us-west-2"
        self.access_key = "AKIDEXAMPLE"
        self.secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.refused: list[str] = []
        self.is_read_only = False

    @property
    def login(self) -> S3Login:
        return S3Login(self.bucket, self.region, self.access_key, self.secret_key, self.url)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "bucket": self.bucket,
            "region": self.region,
            "access_key": self.access_key,
            "endpoint": self.url,
            "prefix": "",
            "allow_private": "yes",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"secret_key": self.secret_key}

    def answer(self, request: Seen) -> Reply:
        if problem := self._problem(request):
            self.refused.append(problem)
            return _error(400 if problem == "AuthorizationHeaderMalformed" else 403, problem)
        bucket, _, key = unquote(urlsplit(request.target).path).lstrip("/").partition("/")
        if bucket != self.bucket:
            return _error(404, "NoSuchBucket")
        if request.method in {"PUT", "POST", "DELETE"} and self.is_read_only:
            return _error(403, "AccessDenied")
        query = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
        return self._kept(request, key, query)

    def _kept(self, request: Seen, key: str, query: dict[str, str]) -> Reply:
        if {"uploads", "uploadId"} & set(query):
            return self._in_parts(request, key, query)
        if request.method == "PUT":
            self.objects[key] = _body(request)
            return Reply(200, b"", {"ETag": '"whole"'})
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Reply(204)
        if request.method == "HEAD" and key in self.objects:
            return Reply(200, self.objects[key])
        if request.method == "GET" and not key:  # what begins with a prefix
            return Reply(200, _xml("ListBucketResult", KeyCount="0", IsTruncated="false"), _XML)
        return Reply(404) if request.method == "HEAD" else _error(404, "NoSuchKey")

    def _in_parts(self, request: Seen, key: str, query: dict[str, str]) -> Reply:
        if "uploads" in query:
            self.parts.clear()
            return Reply(200, _xml("InitiateMultipartUploadResult", UploadId="u1", Key=key), _XML)
        if "partNumber" in query:
            self.parts[int(query["partNumber"])] = _body(request)
            return Reply(200, b"", {"ETag": '"part"'})
        self.objects[key] = b"".join(self.parts[number] for number in sorted(self.parts))
        return Reply(200, _xml("CompleteMultipartUploadResult", Key=key, ETag="whole"), _XML)

    def _problem(self, request: Seen) -> str:
        """Return the code of what is wrong with a signature, blank when it is right."""
        kind, _, rest = request.headers.get("authorization", "").partition(" ")
        said = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if kind != "AWS4-HMAC-SHA256" or "Credential" not in said:
            return "AccessDenied"
        key, day, region, service, end = said["Credential"].split("/")
        if key != self.access_key:
            return "InvalidAccessKeyId"
        if (region, service, end) != (self.region, "s3", "aws4_request"):
            return "AuthorizationHeaderMalformed"
        payload = request.headers["x-amz-content-sha256"]
        if len(payload) == 64 and payload != hashlib.sha256(request.body).hexdigest():
            return "XAmzContentSHA256Mismatch"
        parts = urlsplit(request.target)
        pairs = sorted(
            (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        )
        names = said["SignedHeaders"].split(";")
        canonical = "\n".join(
            [
                request.method,
                quote(unquote(parts.path), safe="/-_.~"),
                "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
                "",
                said["SignedHeaders"],
                payload,
            ]
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        scope = f"{day}/{region}/{service}/{end}"
        signed = "\n".join([kind, request.headers["x-amz-date"], scope, digest])
        secret = f"AWS4{self.secret_key}".encode()
        for step in (day, region, service, end):
            secret = hmac.new(secret, step.encode(), hashlib.sha256).digest()
        right = hmac.new(secret, signed.encode(), hashlib.sha256).hexdigest()
        return "" if hmac.compare_digest(right, said["Signature"]) else "SignatureDoesNotMatch"


def _body(request: Seen) -> bytes:
    """Return what was sent, unpacked where it came in signed pieces."""
    if "aws-chunked" not in request.headers.get("content-encoding", ""):
        return request.body
    found, rest = b"", request.body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        if not length:
            break
        found, rest = found + rest[:length], rest[length + 2 :]
    return found


def _xml(root: str, **values: str) -> bytes:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    return f'<?xml version="1.0"?><{root} {space}>{inside}</{root}>'.encode()


def _error(status: int, code: str) -> Reply:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'
    return Reply(status, body.encode(), _XML)


@contextmanager
def s3_server(bucket: str = "groups") -> Generator[S3Server]:
    """Serve one bucket until the block ends."""
    with S3Server(bucket) as server:
        yield server
