# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages to open: of a real plan with its outcomes, of many moves, of a cluster."""

from __future__ import annotations

import random
from typing import Any

from planner.page.plan import plan_page
from planner.page.rolling import rolling_page
from planner.page.status import status_page
from planner.pipeline import make_plan
from planner.rolling import make_rolling_plan
from tests.unit.planner.builders import Facts, domain, host, rule
from tests.unit.planner.page.test_plan_page import HOSTILE, large, outcome

NOW = "2026-11-24T22:30:00+01:00"
HOSTS = tuple(f"kvm{number}" for number in range(1, 7))
KINDS = ("web", "db", "mail", "build")


def facts(*, seed: int = 3) -> Facts:
    """Return a cluster of six hosts, one of them asleep, that is uneven."""
    chance = random.Random(seed)
    power = {"idle_w": 95, "busy_w": 280, "asleep_w": 4}
    hosts = [host(name, 131_072, 32, power=dict(power)) for name in HOSTS]
    asleep = {
        "since": "2026-11-24T21:04:00Z",
        "by": "root@controller",
        "method": "redfish",
        "reason": "night",
    }
    hosts[5] |= {"state": "asleep", "power": {**power, **asleep, "off_s": 39_600, "proven": True}}
    vms = [
        domain(
            f"{chance.choice(KINDS)}{number}",
            f"kvm{chance.choice((1, 1, 1, 2, 2, 3, 4, 5))}",
            chance.choice((2048, 4096, 8192)),
            chance.choice((1, 2, 4)),
            round(1.5 * chance.random(), 2),
        )
        for number in range(46)
    ]
    stuck = next(vm for vm in vms if vm["host"] != "kvm1")
    stuck["blockers"] = [
        {
            "code": "hostdev",
            "message": "It uses the host device 0000:3b:00.0.",
            "remedy": "Detach it.",
        }
    ]
    return {"hosts": hosts, "domains": vms}


def policy(cluster: Facts) -> dict[str, Any]:
    """Return rules about some of the VMs."""
    names = [vm["name"] for vm in cluster["domains"]]
    of = {kind: [name for name in names if name.startswith(kind)] for kind in KINDS}
    rules = [
        {**rule("anti_affinity", of["db"][:4]), "name": "databases apart"},
        {**rule("affinity", of["web"][:2]), "name": "shop"},
        {**rule("anti_affinity", of["mail"], strictness="preferred"), "name": "mail apart"},
    ]
    return {"rules": rules, "spare_hosts": 1}


def plan(goal: str = "evacuate", **more: Any) -> dict[str, Any]:
    """Return a plan for that cluster."""
    cluster = facts()
    return make_plan(cluster, policy(cluster), {"goal": goal, "now": NOW, **more})


def results(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what became of a plan: one step did not converge, so another was skipped."""
    chance, found = random.Random(4), []
    for number, step in enumerate(document["steps"]):
        start = 1e9 + 1.05 * step["start_s"] + chance.random()
        took = (step["finish_s"] - step["start_s"]) * chance.uniform(0.8, 1.2)
        if number == 3:
            reason = "It did not converge within 600 s. Give it more time, or wait until the VM is quieter."
            found.append(
                outcome(
                    step,
                    "not_moved",
                    reason=reason,
                    started_at=start,
                    ended_at=start + took,
                    duration_s=took,
                )
            )
        elif number == 6:
            found.append(
                outcome(
                    step, "skipped", reason="It waits for another migration, which did not succeed."
                )
            )
        else:
            downtime = chance.uniform(20, 180)
            found.append(
                outcome(
                    step,
                    started_at=start,
                    ended_at=start + took,
                    duration_s=took,
                    downtime_ms=downtime,
                )
            )
    return found


def done_page() -> str:
    """Return the page of an evacuation that was carried out."""
    document = plan(hosts=["kvm1"])
    return plan_page(document, results(document))


def balance_page() -> str:
    """Return the page of a balance with its curve."""
    return plan_page(plan("balance", curve=True))


def cluster_page() -> str:
    """Return the page of the cluster, with load over time and executions."""
    cluster, chance = facts(), random.Random(1)
    for number, entry in enumerate(cluster["hosts"][:5]):
        busy, columns = 5.0 + number, []
        for _sample in range(200):
            busy = min(30.0, max(0.5, busy + chance.uniform(-1.5, 1.5)))
            columns.append(round(busy, 2))
        entry["history"] = {
            "age_s": [300.0 * k for k in range(200, 0, -1)],
            "span_s": [300.0] * 200,
            "cpu_usage": columns,
        }
    cluster["hosts"][4]["maintenance"] = True
    common = {"coordinator": "kvm1", "owner": "alice@controller", "under_way": [], "unsettled": []}
    runs = [
        {
            **common,
            "execution": "e2",
            "since_s": 1.7953e9,
            "purpose": "evacuate kvm5",
            "state": "ended",
            "steps": 4,
            "moved": 4,
        },
        {
            **common,
            "execution": "e1",
            "since_s": 1.7951e9,
            "purpose": "balance",
            "state": "ended",
            "steps": 8,
            "moved": 7,
        },
    ]
    return status_page(cluster, runs, NOW, "Cluster kvm")


def rolling() -> str:
    """Return the page of a rolling maintenance."""
    cluster = facts()
    for vm in cluster["domains"]:
        vm.pop("blockers", None)
    return rolling_page(make_rolling_plan(cluster, {}, ["kvm3", "kvm4", "kvm5"], now=NOW))


def large_page() -> str:
    """Return the page of 200 hosts and 2000 migrations."""
    return plan_page(*large())


def hostile_page() -> str:
    """Return the page of a cluster whose names try to run, with reasons and rules like them."""
    names = [f"{number}{name}" for number, name in enumerate(HOSTILE)]
    cluster = {
        "hosts": [host(f"a{names[0]}", 10_000), host("b"), host(f"c{names[1]}")],
        "domains": [domain(name, f"a{names[0]}", 100) for name in names],
    }
    rules = [{**rule("anti_affinity", names[:2]), "name": names[2]}]
    document = make_plan(cluster, {"rules": rules}, {"goal": "evacuate", "hosts": [f"a{names[0]}"]})
    return plan_page(
        document, [outcome(step, "not_moved", reason=HOSTILE[0]) for step in document["steps"]]
    )
