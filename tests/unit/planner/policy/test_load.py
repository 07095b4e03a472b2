# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which load counts in a plan: now, over a time, or as monitoring knows it."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import InputError
from planner.pipeline import make_plan, read_problem
from planner.report.status import render_status
from planner.report.text import render
from tests.unit.planner.builders import TIGHT, Facts, domain, host

DAY = {"window": "24h", "percentile": 95}


def past(*busy: float | None, own: list[float] | None = None) -> dict[str, Any]:
    """Return a history of ten-minute samples of the VM ``u1``, the newest last."""
    ages = [600.0 * n for n in range(len(busy) - 1, -1, -1)]
    return {
        "age_s": ages,
        "span_s": [600.0] * len(busy),
        "cpu_usage": [one or 0.0 for one in busy],
        "own_cpu_usage": own or [0.0] * len(busy),
        "own_memory_mib": [100] * len(busy),
        "domains": {"u1": {"cpu_usage": list(busy), "memory_used_mib": [64] * len(busy)}},
    }


def facts(history: dict[str, Any] | None = None, **of_vm: Any) -> Facts:
    """Return two hosts of 8 CPUs and one VM on a, which is idle now."""
    return {
        "hosts": [host("a", vcpus=8, history=history), host("b", vcpus=8)],
        "domains": [domain("vm1", "a", uuid="u1", **of_vm)],
    }


def read(document: Facts, policy: dict[str, Any] | None = None) -> Any:
    """Return the snapshot as a plan has it."""
    return read_problem(document, policy, {"goal": "balance"}).snapshot


def test_without_a_policy_the_load_now_counts() -> None:
    """Even where there is a history."""
    snapshot = read(facts(past(*range(10)), cpu_usage=0.5))
    assert snapshot.domains["vm1"].cpu_usage == 0.5
    assert snapshot.warnings == ()


def test_a_window_counts_as_mean_or_percentile() -> None:
    """Of ten samples of 0 to 9 CPUs busy."""
    document = facts(past(*range(10)))
    assert read(document, {"load": {"window": "24h"}}).domains["vm1"].cpu_usage == 4.5
    assert read(document, {"load": DAY}).domains["vm1"].cpu_usage == 9
    assert read(document, {"load": {"window": "20m"}}).domains["vm1"].cpu_usage == 8.5
    assert read(document, {"load": DAY}).domains["vm1"].memory_used_mib == 64


def test_a_vm_without_a_past_is_told() -> None:
    """And its load now counts."""
    snapshot = read(facts(cpu_usage=0.5), {"load": DAY})
    assert snapshot.domains["vm1"].cpu_usage == 0.5
    assert snapshot.warnings == (
        "Nothing is known of vm1 for the percentile 95 of the last 24 h: their load now counts.",
    )


def test_monitoring_goes_before_history() -> None:
    """Of a VM without series the history counts, and that is said."""
    document = facts(past(1.0, 3.0))
    known = {"window_s": 86400, "percentile": 95, "cpu_usage": 7.0, "source": "prometheus"}
    document["domains"].append(domain("vm2", "a", uuid="u2", load=known))
    snapshot = read(document, {"load": DAY})
    assert {name: one.cpu_usage for name, one in snapshot.domains.items()} == {"vm1": 3.0, "vm2": 7}
    assert snapshot.warnings == (
        "Monitoring has no series of vm1: what their hosts remember counts.",
    )


def test_figures_of_another_time_are_told() -> None:
    """They count: somebody has put them there."""
    document = facts(load={"window_s": 3600, "cpu_usage": 7.0})
    snapshot = read(document, {"load": DAY})
    assert snapshot.domains["vm1"].cpu_usage == 7.0
    assert "are not the percentile 95 of the last 24 h (load)" in snapshot.warnings[0]


@pytest.mark.parametrize("window", ["0h", "24", "h", "1w", "1.5h", 24, "24h "])
def test_a_window_that_is_none_is_refused(window: Any) -> None:
    """With the place in the policy."""
    with pytest.raises(InputError, match="load"):
        read(facts(), {"load": {"window": window}})


def test_own_use_is_smoothed() -> None:
    """Over an hour, or as the policy says; a peak of one sample takes no host out."""
    history = past(*[0.0] * 10, own=[2.0] * 9 + [8.0])
    assert read(facts(history)).hosts["a"].own_use == (100, 0, 3.0)
    assert read(facts(history), {"load": DAY}).hosts["a"].own_use.cpu_usage == 8.0


def test_a_host_that_was_hardly_watched_keeps_its_cpus() -> None:
    """Being read takes CPUs: over two seconds that is much, and says nothing."""
    history = past(0.0, own=[3.0]) | {"span_s": [2.0]}
    assert read(facts(history)).hosts["a"].own_use == (100, 0, 0)


def test_own_use_is_what_vms_have_not() -> None:
    """Where the facts tell only what is used in all; a VM that does not tell has all its memory."""
    document = facts(cpu_usage=0.5, memory_used_mib=50)
    document["hosts"][0] |= {"memory_used_mib": 800, "cpu_usage": 6.5}
    assert read(document).hosts["a"].own_use == (750, 0, 6.0)
    del document["domains"][0]["memory_used_mib"]
    assert read(document).hosts["a"].own_use == (700, 0, 6.0)
    document["hosts"][0]["own_use"] = {"memory_mib": None, "cpu_usage": None}
    assert read(document).hosts["a"].own_use == (0, 0, 0)


def test_no_vm_goes_where_the_host_itself_is_busy() -> None:
    """A host of 1000 MiB that uses 950 itself, and one whose CPUs are busy, take none; plan and status say why."""
    document: Facts = {
        "hosts": [
            host("a"),
            host("b", own_use={"memory_mib": 950, "cpu_usage": 0.5}),
            host("c", own_use={"memory_mib": 0, "cpu_usage": 15.5}),
            host("d"),
        ],
        "domains": [domain("vm1", "a", memory_mib=100, cpu_usage=1.0)],
    }
    plan = make_plan(document, TIGHT, {"goal": "evacuate", "hosts": ["a"]})
    assert [step["destination"] for step in plan["steps"]] == ["d"]
    assert plan["hosts"][1]["own_use"] == {"memory_mib": 950, "cpu_usage": 0.5}
    assert "Used beside the VMs, and not given out: b 950 MiB and 0.5 CPUs;" in " ".join(
        render(plan).split()
    )
    assert "uses 950 MiB and 0.5 CPUs itself" in render_status(document)


def uneven(*busy: float | None, hold: int) -> str:
    """Return what a balance says of a cluster whose VM ``u1`` was busy like this on one of two hosts."""
    document = facts(past(*busy), cpu_usage=busy[-1])
    document["hosts"] = [{**entry, "memory_mib": 16000} for entry in document["hosts"]]
    document["domains"] = [
        *document["domains"],
        *(domain(f"w{n}", "a", cpu_usage=0.5, vcpus=1) for n in range(4)),
        *(domain(f"x{n}", "b", cpu_usage=0.5, vcpus=1) for n in range(5)),
    ]
    policy = {"balance": {"hold": hold}, "costs": {"per_migration_s": 1}}
    plan = make_plan(document, policy, {"goal": "balance"})
    return str(plan["message"]) if not plan["steps"] else "moves"


def test_a_balance_waits_until_unevenness_lasts() -> None:
    """The third look in a row is the one that moves VMs, and a look in between at which all was even begins again."""
    assert uneven(4.0, 4.0, hold=1) == "moves"
    early = "Nothing to do yet: hosts have been uneven for {} of 3 (balance.hold)."
    assert uneven(4.0, hold=3) == early.format("1 look")
    assert uneven(4.0, 4.0, hold=3) == early.format("2 looks")
    assert uneven(4.0, 4.0, 4.0, hold=3) == "moves"
    assert uneven(4.0, 4.0, 0.5, 4.0, hold=3) == early.format("1 look")
