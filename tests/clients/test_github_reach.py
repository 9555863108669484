"""Where GitHub cannot be reached the error says what is in the way: address, name, proxy, certificate."""

from __future__ import annotations

import random
import socket
import ssl
import string
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from bot.clients.github.connection import Access, GitHub
from bot.clients.github.refusals import Asked, unreachable
from bot.clients.github.snapshot import PullRequestSource
from bot.errors import OutsideError, Rejected, Transient
from tests.fakes.github import FakeGitHub
from tests.repository import CHECKOUT

PATCH = b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"
SECRET = "ghp_" + "".join(random.Random(214).choices(string.ascii_letters + string.digits, k=36))


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub that found nothing wrong with what was asked of it."""
    with FakeGitHub() as fake:
        fake.pull_request("acme/papers", 214, patch=PATCH)
        yield fake
    assert fake.problems == []


def refused_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


def failure(url: str, **more: Any) -> OutsideError:  # noqa: ANN401 - the parts of an access
    with GitHub(Access(url, SecretStr(SECRET), **more), sleep=lambda _: None) as door:
        with pytest.raises(OutsideError) as caught:
            PullRequestSource(door, "acme", "papers", 214).change()
        with pytest.raises(type(caught.value)):
            door.get_bytes("/x", "acme/papers#214", "text/plain", 9)
    assert SECRET not in f"{caught.value}{caught.value!r}"
    return caught.value


def test_a_refused_connection_says_where() -> None:
    """Nobody listens there: the address, the proxy or the network is wrong."""
    error = failure(f"http://127.0.0.1:{refused_port()}")
    assert isinstance(error, Transient)
    assert "refuses the connection; check GITHUB_API_URL, the proxy (HTTPS_PROXY)" in str(error)
    assert (error.status, error.attempts) == (0, 4)


def test_a_name_that_is_unknown_says_so() -> None:
    """A name under .invalid is never resolved: https://www.rfc-editor.org/rfc/rfc2606#section-2 ."""
    error = failure("http://github.invalid/api/v3")
    assert isinstance(error, Transient)
    assert "github.invalid" in str(error)
    assert "check GITHUB_API_URL" in str(error) or "HTTPS_PROXY" in str(error)


def test_a_server_without_tls_says_so(github: FakeGitHub) -> None:
    """https:// in front of a server that speaks plain HTTP is a wrong address, not a matter of certificates."""
    error = failure(github.url.replace("http://", "https://"))
    assert isinstance(error, Transient)
    assert "does not speak TLS as it should; check GITHUB_API_URL" in str(error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.ReadTimeout("read timed out"), "timeout"),
        (requests.ConnectTimeout("connect timed out"), "timeout"),
        (httpx.ReadTimeout("read timed out"), "timeout"),
        (httpx.PoolTimeout("pool timed out"), "timeout"),
        (requests.exceptions.ProxyError("Cannot connect to proxy", OSError("Tunnel connection failed")), "proxy"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "proxy"),
        (requests.exceptions.ChunkedEncodingError("Connection broken"), "connection"),
        (httpx.RemoteProtocolError("Server disconnected"), "connection"),
    ],
)
def test_a_failure_is_told_by_its_type(error: Exception, kind: str) -> None:
    """Both libraries' ways to say the same come to the same sentence."""
    told = unreachable(error, Asked("acme/papers#214", "github.example", known=True))
    assert isinstance(told, Transient)
    assert told.kind == kind
    assert "github.example" in str(told)
    assert str(told).endswith(".")


class NotFound(BaseHTTPRequestHandler):
    """Says in GitHub's words that there is nothing."""

    def do_GET(self) -> None:
        body = b'{"message": "Not Found"}'
        self.send_response(404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep quiet."""


@pytest.fixture
def own_authority(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a server with a certificate that nobody knows, and the file to trust it by."""
    certificate, key = tmp_path / "own.pem", tmp_path / "own.key"
    certificate.write_bytes(made_certificate(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), NotFound) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}", str(certificate)
        server.shutdown()
        thread.join()


def made_certificate(key_file: Path) -> bytes:
    """A certificate for 127.0.0.1 in PEM form; its key goes into the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
    )
    return builder.add_extension(names, critical=False).sign(key, SHA256()).public_bytes(Encoding.PEM)


def test_a_certificate_that_is_not_trusted_says_so(own_authority: tuple[str, str]) -> None:
    """A proxy with an authority of its own is a matter of a bundle: the variables are named."""
    error = failure(own_authority[0])
    assert isinstance(error, Rejected)
    assert "SSL_CERT_FILE and REQUESTS_CA_BUNDLE" in str(error)


def test_a_bundle_of_ones_own_is_trusted(own_authority: tuple[str, str]) -> None:
    """The bundle that is given holds for JSON and for exact bytes alike."""
    url, bundle = own_authority
    assert failure(url, ca_bundle=bundle).status == 404


ELSEWHERE = """
from bot.clients.github.connection import Access, GitHub
from bot.clients.github.snapshot import PullRequestSource
from bot.errors import BotError
import sys
with GitHub(Access(sys.argv[1]), sleep=lambda seconds: None) as door:
    for read in (
        PullRequestSource(door, "acme", "papers", 214).change,
        lambda: door.get_bytes("/repos/acme/papers/pulls/214", "acme/papers#214", "application/vnd.github.diff", 999),
    ):
        try:
            print(type(read()).__name__)
        except BotError as error:
            print(error)
"""


def read_with(environment: dict[str, str], url: str) -> list[str]:
    """What two reads come to in a process with that environment."""
    command = [sys.executable, "-c", ELSEWHERE, url]
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, check=True, text=True)
    return done.stdout.splitlines()


def test_a_proxy_that_leads_nowhere_is_named(github: FakeGitHub) -> None:
    """The proxy of the environment is used by both libraries, and is what the error is about."""
    proxy = f"http://user:{SECRET}@127.0.0.1:{refused_port()}"
    for scheme, url in (("HTTP_PROXY", github.url), ("HTTPS_PROXY", "https://github.invalid/api/v3")):
        lines = read_with({scheme: proxy, scheme.lower(): proxy}, url)
        assert len(lines) == 2
        assert all("proxy" in line.lower() for line in lines)
        assert not any(SECRET in line for line in lines)


def test_passwords_lying_about_are_not_sent(github: FakeGitHub, tmp_path: Path) -> None:
    """A ~/.netrc with the host's name in it is not GITHUB_TOKEN: a stranger stays one."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    assert read_with({"HOME": str(tmp_path)}, github.url) == ["Change", "bytes"]
