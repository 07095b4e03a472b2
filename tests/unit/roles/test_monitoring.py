# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus is asked once for each plan, with real tasks against a server that counts."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.test_hostile_hosts import facts, play

CLUSTER = {"group": "kvm", "registered": {"host_info": "found"}}
POLICY = {"load": {"window": "1h"}, "power": {"sleep_evidence_s": 0}}


class Counting(http.server.BaseHTTPRequestHandler):
    """Says that every VM keeps 0.5 CPUs busy, and counts the queries."""

    def do_POST(self) -> None:
        """Answer a query."""
        sent = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked[sent["query"][0]] += 1  # type: ignore[attr-defined]
        labels = [{"domain": f"vm-kvm{number}"} for number in (1, 2, 3)]
        found = [{"metric": one, "value": [0, "0.5"]} for one in labels]
        data = {"resultType": "vector", "result": found if "domain_info_cpu" in str(sent) else []}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "success", "data": data}).encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    """A server on loopback."""
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    found.asked = Counter()  # type: ignore[attr-defined]
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


PLANNED: list[dict[str, Any]] = [
    {
        "drover.libvirt.plan": {**CLUSTER, "goal": "evacuate", "hosts": ["kvm2"], "policy": POLICY},
        "register": "planned",
    },
    *[
        {
            "drover.libvirt.plan_apply": {
                **CLUSTER,
                "plan": "{{ planned.plan }}",
                "figures": "{{ planned.figures }}",
                "policy": POLICY,
            },
            "check_mode": True,
            "delegate_to": "kvm1",
        }
        for _look in ("before the lock", "after it")
    ],
]


@pytest.mark.parametrize(
    "tasks",
    [
        PLANNED,
        [{"drover.libvirt.power_plan": {**CLUSTER, "policy": POLICY}}],
        [{"drover.libvirt.rolling_plan": {**CLUSTER, "policy": POLICY}}],
    ],
    ids=["a plan and its execution", "power saving", "a rolling maintenance"],
)
def test_prometheus_is_asked_once_for_a_plan(
    tmp_path: Path, server: Any, tasks: list[dict[str, Any]]
) -> None:
    """Each query once; an execution is judged by the figures of its plan."""
    url = f"http://127.0.0.1:{server.server_port}"
    known = {"ansible.builtin.set_fact": {"drover_prometheus": {"url": url}}}
    output = play(tmp_path, [known, *tasks], **{n: facts(n) for n in ("kvm1", "kvm2", "kvm3")})
    assert "failed=0" in output, output
    assert len(server.asked) == 6
    assert set(server.asked.values()) == {1}
