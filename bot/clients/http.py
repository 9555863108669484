"""The only builder of httpx clients.

The proxy variables of the environment are honoured by httpx itself, and so is SSL_CERT_FILE where no CA bundle is
given: https://www.python-httpx.org/environment_variables/
"""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path
from typing import TypeVar

import httpx

from bot import __version__
from bot.errors import Misuse

# Shorter than what load balancers wait before they close an idle connection (60 s and more).
_KEEP_ALIVE_SECONDS = 30

_Client = TypeVar("_Client", httpx.Client, httpx.AsyncClient)


def async_client(*, ca_bundle: str | None, timeout: httpx.Timeout, limit: int) -> httpx.AsyncClient:
    """Return a pool of at most `limit` HTTP/1.1 connections. Redirects are not followed: they would take the key along.

    `ca_bundle` is a PEM file or a folder of hashed certificates; None means SSL_CERT_FILE or certifi's. Raises Misuse
    where a bundle cannot be read, or a proxy variable names what is no proxy.
    """
    return _open(httpx.AsyncClient, ca_bundle, timeout, limit)


def client(*, ca_bundle: str | None, timeout: httpx.Timeout, limit: int) -> httpx.Client:
    """Return the same, blocking."""
    return _open(httpx.Client, ca_bundle, timeout, limit)


def refuse_missing(ca_bundle: str | None) -> None:
    """Raise Misuse where a bundle is not there, without reading it."""
    if ca_bundle is not None:
        try:
            Path(ca_bundle).stat()
        except (OSError, ValueError) as error:
            raise _unreadable(ca_bundle, error) from None


def _open(kind: type[_Client], ca_bundle: str | None, timeout: httpx.Timeout, limit: int) -> _Client:
    context = _trust(ca_bundle)
    limits = httpx.Limits(max_connections=limit, max_keepalive_connections=limit, keepalive_expiry=_KEEP_ALIVE_SECONDS)
    headers = {"user-agent": f"plumbline/{__version__}"}
    try:
        return kind(verify=context, timeout=timeout, limits=limits, follow_redirects=False, headers=headers)
    except (ValueError, ImportError, httpx.InvalidURL):
        # httpx's own words would repeat the proxy's address, which may hold a password.
        raise Misuse(
            "A proxy variable (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or NO_PROXY) holds an address that cannot be used; "
            "write the proxy as http://HOST:PORT or unset the variable."
        ) from None


@cache
def _trust(ca_bundle: str | None) -> ssl.SSLContext:
    """Build the TLS context once for all clients: reading a bundle takes 40 ms, and httpx would for each proxy."""
    try:
        if ca_bundle is None:
            return httpx.create_ssl_context()
        if Path(ca_bundle).is_dir():
            return ssl.create_default_context(capath=ca_bundle)
        return ssl.create_default_context(cafile=ca_bundle)
    except (OSError, ValueError) as error:
        raise _unreadable(ca_bundle, error) from None


def _unreadable(ca_bundle: str | None, error: OSError | ValueError) -> Misuse:
    # ssl.SSLError is an OSError: it stands for a file without certificates.
    name = "that SSL_CERT_FILE names" if ca_bundle is None else repr(ca_bundle)
    why = "it holds no certificates in PEM form" if isinstance(error, ssl.SSLError) else _reason(error)
    return Misuse(f"The CA bundle {name} cannot be read ({why}); correct the path or unset it.")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
