#!/usr/bin/env python3
"""What only OSS does, in front of an S3-compatible server: no emulator of OSS exists.

It is reached as an HTTP proxy, so that a client signs `bucket.oss-cn-hangzhou.aliyuncs.com` itself. It takes
buckets in the host name only, checks signature, key, token, clock and region, refuses conditions on PUT,
knows `x-oss-forbid-overwrite`, writes ETags in upper case, and forwards what is right with keys of its own.
It also plays the metadata server, STS, and every fault of a network.

    front.py GATEWAY FOLDER CERTIFICATE KEYFILE

starts the gateway over a folder of buckets, prints the gateway's port and its own, and ends with the gateway
when its standard input does. `PUT /faults` and `GET /requests` at the port itself
say which faults are next and what was asked.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GATEWAY, FOLDER = sys.argv[1:3]
CERTIFICATE = sys.argv[3:5]
UPSTREAM_KEY, UPSTREAM_SECRET = "gateway-key", "gateway-secret"
EMPTY = hashlib.sha256(b"").hexdigest()
HOST = re.compile(r"(?:(?P<bucket>[a-z0-9-]+)\.)?(?:s3\.)?oss-(?P<region>[a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com")

KEYS = {
    "LTAI5tWriterKey01": {"secret": "writer-secret"},
    "LTAI5tReaderKey01": {"secret": "reader-secret", "reads": True},
    "STS.NTMachineKey01": {"secret": "machine-secret", "token": "machine-token"},
    "STS.NTPodKey000001": {"secret": "pod-secret", "token": "pod-token"},
    "STS.NTExpiredKey01": {"secret": "expired-secret", "token": "expired-token", "expired": True},
}
REGIONS = {"lake-beijing": "cn-beijing"}

state = threading.Lock()
faults = []
requests = []
machine = {"lifetime": 3600}


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, stamp, region, service, method, path, query, headers, names, payload):
    """AWS Signature Version 4 over what came over the wire."""
    pairs = sorted(part.partition("=")[::2] for part in query.split("&") if part)
    canonical = "\n".join(
        [
            method,
            path,
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in names),
            "",
            ";".join(names),
            payload,
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = digest(key, part)
    return hmac.new(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}".encode(), hashlib.sha256).hexdigest()


class Refused(Exception):
    """An answer of OSS to a request that it does not take."""

    def __init__(self, status, code, message, **more):
        super().__init__(code)
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
        self.status = status
        self.body = (
            f"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>"
            f"<RequestId>5C3D9175B6FC201293AD4444</RequestId>{inner}</Error>"
        ).encode()


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    secure_host = None

    def log_message(self, *_):
        pass

    def handle_any(self):
        length = int(self.headers.get("content-length") or 0)
        self.payload = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        self.host = (url.hostname or self.secure_host or "").lower()
        self.raw_path, self.query = url.path or "/", url.query
        if not self.host:
            return self.control()
        with state:
            requests.append([self.command, self.host, self.raw_path, self.query])
        try:
            if self.host == "100.100.100.200":
                return self.metadata()
            if self.host.startswith("sts."):
                return self.sts()
            self.object()
        except Refused as refused:
            body = b"" if self.command == "HEAD" else refused.body
            self.answer(refused.status, {"content-type": "application/xml"}, body, len(refused.body))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def do_CONNECT(self):
        """TLS to the name that was asked for, here."""
        self.send_response(200)
        self.end_headers()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*CERTIFICATE)
        host = self.path.rpartition(":")[0]
        try:
            secured = context.wrap_socket(self.connection, server_side=True)
            handler = type("Secured", (Front,), {"secure_host": host})
            handler(secured, self.client_address, self.server)
        except OSError:
            pass
        self.close_connection = True

    def answer(self, status, headers, body, length=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def control(self):
        global faults, requests
        with state:
            if self.raw_path == "/faults":
                faults = json.loads(self.payload)
                body = b"{}"
            elif self.raw_path == "/machine":
                machine.update(json.loads(self.payload))
                body = b"{}"
            else:
                body, requests = json.dumps(requests).encode(), []
        self.answer(200, {}, body)

    def temporary(self, key):
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=machine["lifetime"])
        return {
            "AccessKeyId": key,
            "AccessKeySecret": KEYS[key]["secret"],
            "SecurityToken": KEYS[key]["token"],
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Code": "Success",
        }

    def metadata(self):
        if machine.get("absent"):
            return self.answer(404, {}, b"")
        if self.command == "PUT":
            return self.answer(200, {}, b"the-token")
        if self.headers.get("x-aliyun-ecs-metadata-token") != "the-token":
            return self.answer(403, {}, b"")
        if self.raw_path.endswith("/security-credentials/"):
            return self.answer(200, {}, b"lake-reader")
        if self.raw_path.endswith("/lake-reader"):
            return self.answer(200, {}, json.dumps(self.temporary("STS.NTMachineKey01")).encode())
        self.answer(404, {}, b"")

    def sts(self):
        form = dict(urllib.parse.parse_qsl(self.payload.decode()))
        if form.get("Action") != "AssumeRoleWithOIDC" or form.get("OIDCToken") != "the-pods-token":
            return self.answer(400, {}, json.dumps({"Message": "the token is not valid"}).encode())
        self.answer(200, {}, json.dumps({"Credentials": self.temporary("STS.NTPodKey000001")}).encode())

    def object(self):
        found = HOST.fullmatch(self.host)
        if not found:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.")
        bucket, region = found["bucket"], found["region"]
        who = self.check_signature(region)
        if bucket is None:
            raise Refused(
                403, "SecondLevelDomainForbidden",
                "The bucket you are attempting to access must be addressed using OSS third level domain.",
            )
        home = REGIONS.get(bucket, "cn-hangzhou")
        if region not in (home, "accelerate", "accelerate-overseas"):
            raise Refused(
                403, "AccessDenied",
                "The bucket you are attempting to access must be addressed using the specified endpoint. "
                "Please send all future requests to this endpoint.",
                Endpoint=f"oss-{home}.aliyuncs.com",
            )
        if who is None and not bucket.startswith("public"):
            raise Refused(403, "AccessDenied", "You have no right to access this object because of bucket acl.")
        writes = self.command in ("PUT", "POST", "DELETE")
        if writes and (who is None or KEYS[who].get("reads")):
            raise Refused(403, "AccessDenied", "You have no right to access this object because of bucket acl.")
        if self.command == "PUT" and ("if-none-match" in self.headers or "if-match" in self.headers):
            raise Refused(501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
        if "archived" in self.raw_path and self.command == "GET":
            raise Refused(403, "InvalidObjectState", "The operation is not valid for the object's state")
        path = f"/{bucket}{self.raw_path}"
        if self.headers.get("x-oss-forbid-overwrite") == "true":
            status, _, _ = self.upstream("HEAD", path, "", b"", {})
            if status == 200:
                raise Refused(409, "FileAlreadyExists", "The object you specified already exists.")
        self.forward(path)

    def check_signature(self, region):
        given = self.headers.get("authorization", "")
        if not given:
            return None
        match = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=(.+?)/(\d{8})/(.+?)/(.+?)/aws4_request, ?SignedHeaders=(.+?), ?Signature=(\w+)", given
        )
        if not match:
            raise Refused(400, "InvalidArgument", "Authorization header is invalid.")
        key, _, scope, service, names, found = match.groups()
        known = KEYS.get(key)
        if known is None:
            raise Refused(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
        stamp = self.headers.get("x-amz-date", "")
        now = datetime.datetime.now(datetime.timezone.utc)
        then = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        ahead = machine.get("ahead", 0)
        served = now + datetime.timedelta(seconds=ahead)
        if abs((served - then).total_seconds()) > 900:
            raise Refused(
                403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.",
                RequestTime=then.strftime("%Y-%m-%dT%H:%M:%S.000Z"), ServerTime=served.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            )
        if known.get("expired"):
            raise Refused(403, "SecurityTokenExpired", "The security token you provided has expired.")
        if known.get("token") != self.headers.get("x-amz-security-token"):
            raise Refused(403, "InvalidSecurityToken", "The security token you provided is invalid.")
        payload = self.headers.get("x-amz-content-sha256", EMPTY)
        if payload.startswith("STREAMING"):
            raise Refused(400, "InvalidArgument", "aws-chunked encoding is not supported.")
        if payload not in ("UNSIGNED-PAYLOAD", hashlib.sha256(self.payload).hexdigest()):
            raise Refused(400, "XAmzContentSHA256Mismatch", "The provided x-amz-content-sha256 header does not match.")
        headers = {name.lower(): value for name, value in self.headers.items()}
        right = signature(
            known["secret"], stamp, scope, service, self.command, self.raw_path, self.query, headers, names.split(";"), payload
        )
        if not hmac.compare_digest(right, found):
            raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
        if scope not in (f"oss-{region}", region) and not region.startswith("accelerate"):
            raise Refused(403, "AccessDenied", "Invalid signing region in Authorization header.")
        return key

    def upstream(self, method, path, query, body, headers):
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        payload = hashlib.sha256(body).hexdigest()
        signed = {"host": UPSTREAM, "x-amz-content-sha256": payload, "x-amz-date": stamp}
        made = signature(
            UPSTREAM_SECRET, stamp, "us-east-1", "s3", method, path, query, signed, sorted(signed), payload
        )
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={UPSTREAM_KEY}/{stamp[:8]}/us-east-1/s3/aws4_request, "
            f"SignedHeaders={';'.join(sorted(signed))}, Signature={made}"
        )
        connection = http.client.HTTPConnection(UPSTREAM)
        target = f"{path}?{query}" if query else path
        connection.request(method, target, body or None, {**headers, **signed})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def fault(self):
        """The next fault for this request, if there is one."""
        with state:
            for fault in faults:
                left = fault.get("times", 1)
                wanted = fault.get("method", "GET") == self.command and re.search(fault.get("key", ""), self.raw_path)
                wanted = wanted and re.search(fault.get("query", ""), self.query)
                if left and wanted and (fault.get("listing", False) == ("list-type" in self.query)):
                    fault["times"] = left - 1
                    return fault
        return None

    def forward(self, path):
        fault = self.fault() or {}
        kind = fault.get("kind")
        if kind == "status":
            raise Refused(fault["status"], fault.get("code", "ServiceUnavailable"), "Please reduce your request rate.")
        if kind == "hang":
            time.sleep(fault["seconds"])
            self.close_connection = True
            return
        if kind == "delay":
            time.sleep(fault["seconds"])
        passed = ("range", "if-match", "if-none-match", "content-type", "content-md5")
        headers = {name: self.headers[name] for name in passed if name in self.headers}
        if kind == "ignore-range":
            headers.pop("range", None)
        source = self.headers.get("x-amz-copy-source")
        if source:
            headers["x-amz-copy-source"] = source
        if self.command == "GET" and "if-match" in headers:
            headers["if-match"] = headers["if-match"].lower()
        payload = self.payload
        if self.command == "POST" and "uploadId" in self.query:
            payload = re.sub(rb"<ETag>.*?</ETag>", lambda tag: tag[0].lower().replace(b"etag>", b"ETag>"), payload)
        status, given, body = self.upstream(self.command, path, self.query, payload, headers)
        kept = ("content-type", "content-range", "last-modified", "accept-ranges", "location")
        answered = {name: value for name, value in given.items() if name.lower() in kept}
        for name, value in given.items():
            if name.lower() == "etag":
                answered["ETag"] = value.upper()
        if b"<ETag>" in body:
            body = re.sub(rb"<ETag>(.*?)</ETag>", lambda tag: b"<ETag>" + tag[1].upper().replace(b"&QUOT;", b"&quot;") + b"</ETag>", body)
        length = int(given.get("Content-Length") or 0) if self.command == "HEAD" else len(body)
        if kind in ("reset", "truncate", "stall", "slow"):
            return self.broken(fault, status, answered, body)
        self.answer(status, answered, body, length)

    def broken(self, fault, status, headers, body):
        """A body that does not come as it should."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        kind, after = fault["kind"], min(fault.get("after", 0), len(body))
        if kind == "slow":
            for at in range(0, len(body), 65536):
                self.wfile.write(body[at : at + 65536])
                self.wfile.flush()
                time.sleep(fault["seconds"])
            return
        self.wfile.write(body[:after])
        self.wfile.flush()
        if kind == "stall":
            time.sleep(fault["seconds"])
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach()) if isinstance(self.connection, socket.socket) and not isinstance(
                self.connection, ssl.SSLSocket
            ) else self.connection.close()
        self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        # Clients come and go in the midst of an answer; that is what is tested.
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_gateway():
    """The S3 server, when it takes connections."""
    while True:
        port = free_port()
        argv = [GATEWAY, "-p", f"127.0.0.1:{port}", "-a", UPSTREAM_KEY, "-s", UPSTREAM_SECRET, "-r", "us-east-1"]
        argv += ["--quiet", "--keep-alive", "posix", FOLDER]
        gateway = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr)
        while gateway.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return gateway, port
            except ConnectionRefusedError:
                time.sleep(0.01)


gateway, port = start_gateway()
UPSTREAM = f"127.0.0.1:{port}"
try:
    server = Server(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(port, server.server_address[1], flush=True)
    sys.stdin.read()
finally:
    gateway.kill()
