# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random clusters for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.unit.planner.builders import domain, host, rule


@st.composite
def clusters(draw: st.DrawFn, max_hosts: int = 5, max_domains: int = 12) -> dict[str, Any]:
    """Draw facts of a few hosts and VMs; hosts may be over-full."""
    hosts = [
        host(
            f"h{number}", draw(st.sampled_from([1000, 1500, 2000])), draw(st.sampled_from([8, 16]))
        )
        for number in range(draw(st.integers(2, max_hosts)))
    ]
    domains = [
        domain(
            f"v{number:02d}",
            draw(st.sampled_from(hosts))["name"],
            draw(st.sampled_from([50, 100, 200, 400, 700])),
            draw(st.sampled_from([1, 2, 4])),
            draw(st.sampled_from([0.0, 0.5, 1.25])),
            priority=draw(st.sampled_from([0, 0, 2])),
        )
        for number in range(draw(st.integers(0, max_domains)))
    ]
    return {"hosts": hosts, "domains": domains}


@st.composite
def rules(draw: st.DrawFn, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Draw up to two rules over the VMs of a cluster."""
    names = [entry["name"] for entry in facts["domains"]]
    found = []
    for number in range(draw(st.integers(0, 2)) if names else 0):
        kind = draw(
            st.sampled_from(
                ["affinity", "anti_affinity", "host_affinity", "licence", "separation", "stay"]
            )
        )
        some = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        more: dict[str, Any] = {"strictness": draw(st.sampled_from(["never_worsen", "preferred"]))}
        if kind == "host_affinity":
            every = [entry["name"] for entry in facts["hosts"]]
            more["hosts"] = draw(st.lists(st.sampled_from(every), min_size=1, unique=True))
            more["mode"] = draw(st.sampled_from(["allow", "forbid"]))
        elif kind == "anti_affinity":
            more["span"] = draw(st.sampled_from(["final", "throughout"]))
        elif kind == "licence":
            more["at_most_hosts"] = draw(st.integers(1, 2))
        elif kind == "separation":
            half = max(1, len(some) // 2)
            more["groups"] = [some[:half], some[half:]]
        elif kind == "stay":
            more["strictness"] = draw(st.sampled_from(["required", "preferred"]))
        entry = {**rule(kind, some, **more), "name": f"rule{number}"}
        found.append(
            {key: value for key, value in entry.items() if kind != "separation" or key != "domains"}
        )
    return found
