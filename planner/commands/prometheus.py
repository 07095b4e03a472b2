# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus over HTTP: the only place from which the planner's code talks to a network."""

from __future__ import annotations

import base64
import http.client
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..documents import validate
from ..errors import InputError
from ..monitoring.figures import with_figures
from ..monitoring.queries import Question, queries
from ..monitoring.vectors import Sample, parse_vector
from ..policy.load import parse_load

JsonObject = Mapping[str, Any]

LONGEST = 64 << 20
"""How many bytes of an answer are read."""

_KEYS = {"url", "username", "password", "token", "ca", "timeout_s", "queries"}
_EXAMPLE = "{url: 'https://prometheus.example:9090'}"


@dataclass(frozen=True, kw_only=True)
class Prometheus:
    """How Prometheus is reached.

    Attributes
    ----------
    username, password, token
        For basic authentication, or a bearer token. No sentence repeats them.
    ca
        Certificates that its own is signed by, as PEM or the path of a file; empty for those of the system.
    timeout_s
        Seconds that all queries together may take.
    queries
        The user's own expressions by name.
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca: str = ""
    timeout_s: float = 30.0
    queries: Mapping[str, str] = field(default_factory=dict)


def parse_prometheus(entry: Any) -> Prometheus:
    """Read how Prometheus is reached.

    Raises
    ------
    InputError
        Something is missing, unknown or none; values are not repeated, because one may be a password.
    """
    path = "drover_prometheus"
    if not isinstance(entry, Mapping):
        raise InputError(f"it must be a mapping, such as {_EXAMPLE}.", path=path)
    unknown = sorted(str(key) for key in set(entry) - _KEYS)
    if unknown:
        known = ", ".join(sorted(_KEYS))
        raise InputError(f"{unknown[0]} is not known here; the keys are: {known}.", path=path)
    texts = {key: entry.get(key) or "" for key in ("url", "username", "password", "token", "ca")}
    for key, value in texts.items():
        if not isinstance(value, str) or (key != "ca" and not value.isprintable()):
            raise InputError("must be a text of one line.", path=f"{path}.{key}")
    timeout_s = entry.get("timeout_s", Prometheus.timeout_s)
    if (
        isinstance(timeout_s, bool)
        or not isinstance(timeout_s, (int, float))
        or not 0 < timeout_s <= 600
    ):
        raise InputError("must be seconds, at most 600.", path=f"{path}.timeout_s")
    replaced = entry.get("queries") or {}
    if not isinstance(replaced, Mapping) or not all(isinstance(q, str) for q in replaced.values()):
        raise InputError("must be expressions (texts) by name.", path=f"{path}.queries")
    _check_url(texts["url"], f"{path}.url")
    return Prometheus(**texts, timeout_s=float(timeout_s), queries=dict(replaced))


def _check_url(url: str, path: str) -> None:
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"must be the address of Prometheus, such as {_EXAMPLE}.", path=path)
    if parts.username or parts.password:
        raise InputError(
            "must not hold a password, which would be shown; give username and password.", path=path
        )


def add_figures(
    facts: JsonObject, settings: Prometheus, question: Question
) -> tuple[dict[str, Any], list[str]]:
    """Return the facts with what Prometheus knows, and warnings; each query is asked once.

    Raises
    ------
    InputError
        It cannot be reached, or what answers is not Prometheus.
    """
    answers, unusable = ask(settings, queries(question, settings.queries))
    warnings = []
    if unusable:
        warnings.append(
            f"Prometheus has invalid amounts (NaN, infinite, negative) for {unusable} series: left out."
        )
    return with_figures(facts, answers, question, "prometheus"), warnings


def ask(
    settings: Prometheus, asked: Mapping[str, str]
) -> tuple[dict[str, tuple[Sample, ...]], int]:
    """Return the series by the name of the query, and how many have no usable value."""
    opener = _opener(settings)
    ends_s = time.monotonic() + settings.timeout_s
    answers, unusable = {}, 0
    for name, query in asked.items():
        answers[name], without = parse_vector(_answer(opener, settings, name, query, ends_s), name)
        unusable += without
    return answers, unusable


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the password is for one address."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Let the answer be an error."""


def _opener(settings: Prometheus) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    if settings.ca:
        try:
            if "-----BEGIN" in settings.ca:
                context.load_verify_locations(cadata=settings.ca)
            else:
                context.load_verify_locations(cafile=settings.ca)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise InputError(
                "must be certificates in PEM, or the path of a file with them.",
                path="drover_prometheus.ca",
            ) from error
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=context),
        _NoRedirect(),
    )


def _answer(
    opener: urllib.request.OpenerDirector,
    settings: Prometheus,
    name: str,
    query: str,
    ends_s: float,
) -> str:
    address = f"{settings.url.rstrip('/')}/api/v1/query"
    data = urllib.parse.urlencode({"query": query}).encode()
    request = urllib.request.Request(address, data=data, headers=_headers(settings))  # noqa: S310
    left_s = ends_s - time.monotonic()
    try:
        if left_s <= 0:
            raise TimeoutError
        with opener.open(request, timeout=left_s) as response:
            return _read(response, ends_s, address)
    except urllib.error.HTTPError as error:
        return _refusal(error, address, ends_s)
    except TimeoutError as error:
        raise InputError(_too_slow(address, settings.timeout_s)) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise InputError(_too_slow(address, settings.timeout_s)) from error
        raise InputError(f"{address} cannot be reached: {_why(error.reason)}.") from error
    except (http.client.HTTPException, OSError) as error:
        raise InputError(f"{address} cannot be reached: {_why(error)}.") from error


def _headers(settings: Prometheus) -> dict[str, str]:
    if settings.token:
        return {"Authorization": f"Bearer {settings.token}"}
    if settings.username:
        pair = f"{settings.username}:{settings.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _read(response: Any, ends_s: float, address: str) -> str:
    """Return what is sent; a peer that sends a little now and then does not hold up a plan."""
    content = bytearray()
    while chunk := response.read1(1 << 16):
        content += chunk
        if len(content) > LONGEST:
            raise InputError(f"{address} answers with more than {LONGEST >> 20} MiB.")
        if time.monotonic() > ends_s:
            raise TimeoutError
    return content.decode("utf-8", errors="replace")


def _refusal(error: urllib.error.HTTPError, address: str, ends_s: float) -> str:
    """Return the answer of Prometheus that says why it refuses; raise where it is somebody else's.

    Raises
    ------
    InputError
        The address is that of something else, or wants a password.
    """
    if error.code in (401, 403):
        raise InputError(
            f"{address} wants other credentials ({error.code}); check username and password, or token."
        ) from error
    if 300 <= error.code < 400:
        there = str(error.headers.get("Location", "elsewhere"))[:200]
        raise InputError(
            f"{address} redirects to {there}; write that address as the url."
        ) from error
    text = _read(error, ends_s, address)
    if '"status"' in text:
        return text
    raise InputError(f"{address} answers {error.code} {error.reason}; check the url.") from error


def _too_slow(address: str, timeout_s: float) -> str:
    return f"{address} has not answered within {timeout_s:g} s (timeout_s)."


def _why(reason: Any) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message}); give the CA that signed it (ca)"
    if isinstance(reason, ssl.SSLError):
        return "it does not speak TLS, or not this version; check the url"
    text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    return " ".join(str(text).split())[:200].rstrip(".")


def figures_for(
    facts: JsonObject, policy: JsonObject | None, entry: Any
) -> tuple[dict[str, Any], list[str]]:
    """Return the facts with what the policy wants to know, and warnings; no plan fails because monitoring does.

    Parameters
    ----------
    entry
        How Prometheus is reached.

    Raises
    ------
    InputError
        The policy breaks its schema, or ``entry`` is none.
    """
    settings = parse_prometheus(entry)
    document = dict(policy or {})
    validate("policy", document)
    load = parse_load(document)
    if load.window_s is None:
        return dict(facts), [
            "Prometheus is not asked: the policy does not say over which time load counts (load.window)."
        ]
    question = Question(window_s=round(load.window_s), percentile=load.percentile)
    queries(question, settings.queries)
    try:
        return add_figures(facts, settings, question)
    except InputError as error:
        return dict(facts), [f"{error.message} What hosts remember counts instead."]
