"""The clients of HTTP: trust, proxies and redirects as the people who run this set them."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot import __version__
from bot.clients.http import async_client, client
from bot.errors import Misuse
from tests.fakes.serving import Serving
from tests.repository import CHECKOUT

QUICK = httpx.Timeout(5)
PROXY_AND_CA = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


async def echo(request: Request) -> Response:
    if request.url.path == "/moved":
        return RedirectResponse("/elsewhere")
    return JSONResponse({"agent": request.headers["user-agent"], "target": request.url.path})


APP = Starlette(routes=[Route("/{path:path}", echo)])


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate of its own: its address, and the file to trust."""
    bundle = self_signed(folder)
    listener = HTTPServer(("127.0.0.1", 0), _Hello)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, folder / "key.pem")
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.server_port}", bundle
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is worth a line on stderr."""


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plumbline test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password))
    (folder / "bundle.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "bundle.pem"


def test_a_bundle_is_trusted(tmp_path: Path) -> None:
    """A server whose certificate is in the bundle is spoken to, and without the bundle it is not."""
    with tls_server(tmp_path) as (url, bundle):
        with client(ca_bundle=str(bundle), timeout=QUICK, limit=1) as trusting:
            assert trusting.get(url).status_code == 204
        with client(ca_bundle=None, timeout=QUICK, limit=1) as strict, pytest.raises(httpx.ConnectError, match="CERT"):
            strict.get(url)


def test_a_folder_of_certificates_is_a_bundle(tmp_path: Path) -> None:
    """A folder can stand for a bundle, as in REQUESTS_CA_BUNDLE."""
    with client(ca_bundle=str(tmp_path), timeout=QUICK, limit=1) as made:
        assert not made.is_closed


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"", "no certificates"), (b"nonsense", "no certificates")]
)
def test_an_unreadable_bundle(tmp_path: Path, content: bytes | None, why: str) -> None:
    """A bundle that cannot be read is one sentence that names the file, from either client."""
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    for build in (client, async_client):
        with pytest.raises(Misuse, match=why) as caught:
            build(ca_bundle=str(bundle), timeout=QUICK, limit=1)
        assert str(bundle) in str(caught.value)


def test_who_asks_and_no_redirect() -> None:
    """Both clients say who they are and follow no redirect."""

    async def answers(url: str) -> list[httpx.Response]:
        async with async_client(ca_bundle=None, timeout=QUICK, limit=2) as made:
            return [await made.get(f"{url}/x"), await made.get(f"{url}/moved")]

    with Serving(APP) as serving, client(ca_bundle=None, timeout=QUICK, limit=2) as blocking:
        for found, moved in (
            asyncio.run(answers(serving.url)),
            (blocking.get(f"{serving.url}/x"), blocking.get(f"{serving.url}/moved")),
        ):
            assert found.json() == {"agent": f"plumbline/{__version__}", "target": "/x"}
            assert moved.status_code == 307


async def target(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what stands in the request's first line: for a proxy that is a whole address."""
    if scope["type"] == "http":
        await Response(scope["path"])(scope, receive, send)


PROGRAM = """
import sys, httpx
from bot.clients.http import client
from bot.errors import Misuse
try:
    with client(ca_bundle=None, timeout=httpx.Timeout(5), limit=1) as made:
        answer = made.get(sys.argv[1])
        print(answer.status_code, answer.text)
except Misuse as error:
    print(error)
"""


def run(url: str, **variables: str) -> str:
    """Ask in a process whose environment is known."""
    kept = {name: value for name, value in os.environ.items() if name.upper() not in PROXY_AND_CA}
    command = (sys.executable, "-c", PROGRAM, url)
    done = subprocess.run(command, cwd=CHECKOUT, env={**kept, **variables}, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.strip()


def test_the_proxy_of_the_environment_is_used() -> None:
    """HTTP_PROXY carries a request to a host that only the proxy knows, and NO_PROXY goes around it."""
    with Serving(target) as server:
        assert run("http://host.invalid/x", HTTP_PROXY=server.url) == "200 http://host.invalid/x"
        assert run(f"{server.url}/x", HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="127.0.0.1") == "200 /x"


def test_the_bundle_of_the_environment_is_used(tmp_path: Path) -> None:
    """SSL_CERT_FILE is trusted where no bundle is given, and named where it cannot be read."""
    with tls_server(tmp_path) as (url, bundle):
        assert run(url, SSL_CERT_FILE=str(bundle)) == "204"
    assert "SSL_CERT_FILE" in run("https://127.0.0.1:9", SSL_CERT_FILE=str(tmp_path / "none.pem"))


@pytest.mark.parametrize("proxy", ["gopher://user:hunter2@127.0.0.1:1", "http://user:hunter2@[::1"])
def test_a_proxy_that_is_none(proxy: str) -> None:
    """An address that is no proxy's is one sentence, without the password in it."""
    sentence = run("http://host.invalid", HTTP_PROXY=proxy)
    assert sentence.startswith("A proxy variable (HTTPS_PROXY")
    assert "hunter2" not in sentence
