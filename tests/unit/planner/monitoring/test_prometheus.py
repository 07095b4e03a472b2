# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking Prometheus, and whatever else may answer in its place."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from planner.commands.prometheus import Prometheus, add_figures, figures_for, parse_prometheus
from planner.documents import validate
from planner.errors import InputError
from planner.monitoring.figures import kept_figures, with_figures, with_kept
from planner.monitoring.queries import Question, queries
from planner.monitoring.vectors import Sample
from tests.unit.planner.builders import Facts, domain, host

DAY = Question(window_s=86400, percentile=95)
MIB = 2**20
Reply = Callable[[http.server.BaseHTTPRequestHandler, str], None]


def facts() -> Facts:
    """Return two hosts with a VM each, and one more that is off."""
    uri = {"connection": {"uri": "qemu+ssh://root@192.0.2.2/system"}}
    return {
        "hosts": [host("a"), host("b", **uri)],
        "domains": [
            domain("vm1", "a", uuid="u1"),
            domain("vm2", "b", uuid="u2"),
            domain("vm3", "b", state="shutoff"),
        ],
    }


def vector(*entries: tuple[dict[str, str], str]) -> str:
    """Return an answer of Prometheus."""
    result = [{"metric": labels, "value": [1.5, value]} for labels, value in entries]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


@pytest.fixture
def server() -> Iterator[Any]:
    """A server on loopback; its attribute ``reply`` answers, ``seen`` has the requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            query = urllib.parse.parse_qs(self.rfile.read(length).decode())["query"][0]
            web.seen.append((self.path, query, self.headers.get("Authorization")))
            web.reply(self, query)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    web: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    web.seen, web.url = [], f"http://127.0.0.1:{web.server_address[1]}"
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield web
    web.shutdown()
    web.server_close()


def sends(text: str, code: int = 200, **headers: str) -> Reply:
    """Return a reply that is always the same."""

    def reply(handler: http.server.BaseHTTPRequestHandler, _query: str) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text.encode())

    return reply


def settings(server: Any, **more: Any) -> Prometheus:
    """Return how the server is reached."""
    return parse_prometheus({"url": server.url, **more})


def test_each_query_is_asked_once_and_its_figures_are_facts(server: Any) -> None:
    """VMs by UUID or name, with a percentile; hosts by address, with the mean of what their VMs have not."""
    values = {
        "domain_cpu": [({"domain": "x", "uuid": "u1"}, "1.25"), ({"domain": "vm2"}, "0.5")],
        "domain_memory": [({"domain": "vm2"}, str(300 * MIB))],
        "host_cpu": [({"instance": "a:9100"}, "6"), ({"instance": "192.0.2.2:9100"}, "1")],
        "host_memory": [({"instance": "a:9100"}, str(900 * MIB))],
        "host_domains_cpu": [({"instance": "a:9177"}, "1.5")],
        "host_domains_memory": [({"instance": "a:9177"}, str(200 * MIB))],
    }
    names = {query: name for name, query in queries(DAY).items()}
    server.reply = lambda handler, query: sends(vector(*values[names[query]]))(handler, query)
    found, warnings = add_figures(facts(), settings(server, token="t0ken"), DAY)
    validate("facts", found)
    assert warnings == []
    kind = {"window_s": 86400, "percentile": 95, "source": "prometheus"}
    assert [entry.get("load") for entry in found["domains"]] == [
        kind | {"cpu_usage": 1.25},
        kind | {"cpu_usage": 0.5, "memory_used_mib": 300},
        None,
    ]
    # Nobody knows what the VMs of b take, so nobody knows what b itself does.
    own = {"percentile": None, "own_cpu_usage": 4.5, "own_memory_mib": 700}
    assert [entry.get("load") for entry in found["hosts"]] == [kind | own, None]
    assert {path for path, _query, _auth in server.seen} == {"/api/v1/query"}
    assert len(server.seen) == len(names)
    assert {auth for _path, _query, auth in server.seen} == {"Bearer t0ken"}


def test_queries_are_wrapped_into_the_time_that_is_asked_for() -> None:
    """VMs in a percentile or a mean, hosts in means; the user's own ones too, and an empty one is not asked."""
    own = {"domain_cpu": "busy", "domain_memory": " "}
    found = queries(DAY, own)
    assert found["domain_cpu"] == "quantile_over_time(0.95, (busy)[86400s:300s])"
    assert found["host_cpu"].startswith("avg_over_time((sum by (instance)")
    assert "domain_memory" not in found
    mean = queries(Question(window_s=600), own)
    assert mean["domain_cpu"] == "avg_over_time((busy)[600s:60s])"
    with pytest.raises(InputError, match="there is no query vm_cpu; there are: domain_cpu"):
        queries(DAY, {"vm_cpu": "busy"})


def test_basic_authentication(server: Any) -> None:
    """As RFC 7617 has it."""
    server.reply = sends(vector())
    add_figures(facts(), settings(server, username="ann", password="pw"), DAY)
    assert server.seen[0][2] == "Basic " + base64.b64encode(b"ann:pw").decode()


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (sends("<html><body>Login</body></html>"), "is not Prometheus: '<html><body>Login"),
        (sends(""), "an empty answer is not JSON; check the url"),
        (sends("[]"), "is not Prometheus; check the url"),
        (sends("[" * 100_000), "is not JSON"),
        (sends("{}"), "with no vector"),
        (sends(vector(({"domain": "vm1"}, "much"))), "answer to the query domain_cpu is damaged"),
        (sends('{"status":"success","data":{"resultType":"vector"}}'), "is damaged"),
        (sends("no", 404), "answers 404 Not Found; check the url"),
        (sends("no", 502), "answers 502 Bad Gateway"),
        (sends("no", 401), r"wants other credentials \(401\)"),
        (sends("", 302, Location="http://192.0.2.9/"), "redirects to http://192.0.2.9/"),
        (
            sends('{"status":"error","errorType":"bad_data","error":"parse error"}', 400),
            "refuses the query domain_cpu: parse error",
        ),
    ],
)
def test_what_is_no_prometheus_gets_one_sentence(server: Any, reply: Reply, sentence: str) -> None:
    """Without a traceback, and without the password."""
    server.reply = reply
    with pytest.raises(InputError, match=sentence) as caught:
        add_figures(facts(), settings(server, username="ann", password="s3cret"), DAY)
    assert "s3cret" not in caught.value.message
    assert "\n" not in caught.value.message


def test_values_that_are_no_amounts_are_left_out(server: Any) -> None:
    """NaN is what a rate gives where there is nothing to divide."""
    bad = [({"domain": name}, value) for name, value in (("vm1", "NaN"), ("vm2", "+Inf"))]
    server.reply = sends(vector(*bad, ({"domain": "vm3"}, "-1"), ({"domain": "x"}, "1e300")))
    found, warnings = add_figures(facts(), settings(server), DAY)
    assert not any("load" in entry for entry in found["domains"])
    assert warnings == [
        "Prometheus has invalid amounts (NaN, infinite, negative) for 24 series: left out."
    ]


def test_who_answers_slowly_is_given_up(server: Any) -> None:
    """Also one who sends a little now and then."""

    def drips(handler: http.server.BaseHTTPRequestHandler, _query: str) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _drop in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    server.reply = drips
    began = time.monotonic()
    with pytest.raises(InputError, match=r"has not answered within 0.3 s \(timeout_s\)"):
        add_figures(facts(), settings(server, timeout_s=0.3), DAY)
    assert time.monotonic() - began < 3


def test_who_does_not_answer_or_speaks_no_tls(server: Any) -> None:
    """Each with what to look after."""
    tls = parse_prometheus({"url": server.url.replace("http:", "https:"), "timeout_s": 2})
    with pytest.raises(InputError, match=r"cannot be reached: it does not speak TLS|not answered"):
        add_figures(facts(), tls, DAY)
    with pytest.raises(InputError, match="cannot be reached: Connection refused"):
        add_figures(facts(), parse_prometheus({"url": "http://127.0.0.1:1"}), DAY)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("http://x", "must be a mapping"),
        ({"url": "file:///etc/passwd"}, r"drover_prometheus.url: must be the address"),
        ({"url": "http://"}, "must be the address"),
        ({"url": "http://[::1"}, "must be the address"),
        ({"url": "http://ann:s3cret@x"}, "must not hold a password"),
        ({"url": "http://x", "pasword": "s3cret"}, "pasword is not known here"),
        ({"url": "http://x", "token": "s3cret\nX: y"}, "token: must be a text of one line"),
        ({"url": "http://x", "timeout_s": 0}, "timeout_s: must be seconds"),
        ({"url": "http://x", "queries": {"domain_cpu": 3}}, "queries: must be expressions"),
    ],
)
def test_settings_that_are_none_are_refused(entry: Any, sentence: str) -> None:
    """With the place, and never with a value: it may be a password."""
    with pytest.raises(InputError, match=sentence) as caught:
        parse_prometheus(entry)
    assert "s3cret" not in caught.value.message


def test_a_certificate_authority_that_is_none_is_refused() -> None:
    """Before anything is asked."""
    for ca in ("/nonexistent.pem", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----"):
        with pytest.raises(InputError, match=r"drover_prometheus.ca: must be certificates in PEM"):
            add_figures(facts(), parse_prometheus({"url": "https://x", "ca": ca}), DAY)


def test_no_plan_fails_because_monitoring_does(server: Any) -> None:
    """A warning says what counts instead; a policy that names no time asks nothing."""
    server.reply = sends("<html>")
    policy = {"load": {"window": "24h"}}
    found, [warning] = figures_for(facts(), policy, {"url": server.url})
    assert found == facts()
    assert warning.endswith("What hosts remember counts instead.")
    asked = len(server.seen)
    found, [warning] = figures_for(facts(), {}, {"url": server.url})
    assert "load.window" in warning
    assert len(server.seen) == asked


def test_figures_that_were_kept_are_those_that_were_asked_for() -> None:
    """A plan is judged by them without asking again: VMs by UUID, hosts by name; others stay as they are."""
    document = facts()
    document["domains"].append(domain("vm9", "b", uuid="u9"))
    answers = {"domain_cpu": [Sample({"uuid": "u9"}, 2.0), Sample({"domain": "vm1"}, 1.0)]}
    found = with_figures(document, answers, DAY, "prometheus")
    kept = kept_figures(found)
    assert sorted(kept["domains"]) == ["u1", "u9"]
    assert with_kept(document, kept) == found
    assert with_kept(document, {}) == document


def test_two_vms_of_one_name_are_known_by_uuid_only() -> None:
    """A name that two clusters, or two VMs, have tells nothing."""
    document = facts()
    document["domains"].append(domain("vm1", "b", uuid="u9"))
    answers = {
        "domain_cpu": [
            Sample({"domain": "vm1"}, 1.0),
            Sample({"domain": "vm1", "uuid": "u9"}, 2.0),
            Sample({"domain": "vm2", "cluster": "1"}, 3.0),
            Sample({"domain": "vm2", "cluster": "2"}, 4.0),
        ]
    }
    found = with_figures(document, answers, DAY, "prometheus")
    assert [one.get("load", {}).get("cpu_usage") for one in found["domains"]] == [
        None,
        None,
        None,
        2.0,
    ]
