# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text, section by section."""

from __future__ import annotations

from typing import Any

import pytest

from planner.pipeline import make_plan
from planner.report.diff import placement_diff
from planner.report.text import MANY_HOSTS, limits_of, quality_of, render
from tests.unit.planner.builders import TIGHT, cluster, evacuation, host

FACTS = cluster(a={"x": 300, "y": 100}, b={}, c={})


def plan(goal: dict[str, Any], policy: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a plan for three hosts; ``more`` replaces parts of the document."""
    return {**make_plan(FACTS, TIGHT if policy is None else policy, goal), **more}


def lines_of(document: dict[str, Any]) -> list[str]:
    """Return the lines of a plan's text."""
    return render(document).split("\n")


def test_a_plan_in_all_its_sections() -> None:
    """What it does and how good it is; then hosts, migrations, time, limits."""
    lines = lines_of(plan(evacuation("a")))
    assert lines[:2] == ["2 migrations empty a.", "Proved: no other placement costs less."]
    assert "Hosts, before and after:" in lines
    assert "Migrations (times are predicted, from the first start on):" in lines
    [summary] = [line for line in lines if line.startswith("2 migrations, 400 MiB, in 2 waves;")]
    assert summary.endswith("predicted to take 4.4 s in all (no order takes less).")
    assert lines[-2:] == ["Limits: 1 at a time per host, 1 in all.", ""]


def test_each_host_before_and_after() -> None:
    """Its VMs, their memory against the limit, and their vCPUs."""
    [row] = [line for line in lines_of(plan(evacuation("a"))) if line.startswith("  a ")]
    assert row.split() == [
        "a", "2", "->", "0", "400", "MiB", "->", "0", "MiB", "1000", "MiB", "2", "->", "0", "0.0", "->", "0.0",
    ]  # fmt: skip


def test_each_migration_with_its_wave_way_and_reason() -> None:
    """Ids are short; what it does not wait for is a dash."""
    document = plan(evacuation("a"))
    rows = [line.split() for line in lines_of(document) if line.startswith("  m00")]
    assert [row[:3] for row in rows] == [
        ["m001", "1", document["steps"][0]["domain"]],
        ["m002", "2", document["steps"][1]["domain"]],
    ]
    assert all(" ".join(row).endswith("- a is being emptied") for row in rows)


def test_what_a_step_waits_for_is_named_shortly() -> None:
    """By the number of the step, as its own row begins."""
    document = plan(evacuation("a"))
    document["steps"][1]["after"] = ["m001-x"]
    assert any(" m001   a is being emptied" in line for line in lines_of(document))


def test_nothing_to_do_is_said_in_two_lines() -> None:
    """Neither hosts nor limits are of interest then."""
    assert lines_of(plan({"goal": "repair"})) == [
        "Nothing to do: no policy is broken.",
        "Proved: no other placement costs less.",
        "",
    ]


def test_a_plan_that_is_not_proved_says_how_much_better_another_may_be() -> None:
    """As a share of the objective."""
    assert quality_of({"status": "feasible", "gap": 0.0321}) == (
        "The best found; a better one could save 3.2% of the objective at most."
    )


def test_an_order_that_may_not_be_the_shortest() -> None:
    """The least time that is proved stands beside it, unless both read the same."""
    document = plan(evacuation("a"), makespan_s=90.0, makespan_bound_s=61.0)
    assert "take 1 min 30 s in all (no order could take less than 1 min 1 s)." in render(document)
    same = plan(evacuation("a"), makespan_s=90.2, makespan_bound_s=90.0)
    assert "(no order takes less)." in render(same)


def test_a_balance_tells_the_deviation() -> None:
    """Of memory and vCPUs, in per cent of the limits."""
    document = plan({"goal": "balance", "aggressiveness": 5})
    terms = {term["name"]: term["value"] for term in document["terms"]}
    assert render(document).split("\n")[2] == (
        f"Standard deviation afterwards: memory {terms['deviation of memory']:g} %, "
        f"vCPUs {terms['deviation of vCPUs']:g} % of the limit."
    )


def test_a_consolidation_tells_which_hosts_are_free() -> None:
    """Two of three are empty already."""
    assert "May be switched off afterwards: b, c." in lines_of(plan({"goal": "consolidate"}))


def test_what_hosts_use_themselves() -> None:
    """It is told of those that use anything, once for all."""
    facts = {**FACTS, "hosts": [host("a"), host("b", own_use={"memory_mib": 64}), host("c")]}
    text = render(make_plan(facts, TIGHT, evacuation("a")))
    assert "  Used beside the VMs, and not given out: b 64 MiB and 0.0 CPUs.\n" in text


def test_a_large_cluster_shows_the_hosts_that_change() -> None:
    """And counts the others."""
    names = {f"h{number:02d}": {} for number in range(MANY_HOSTS)}
    facts = cluster(a={"x": 100}, **names)
    text = render(make_plan(facts, TIGHT, evacuation("a")))
    assert f"  ({MANY_HOSTS - 1} hosts without a change are not shown)" in text
    assert sum(line.startswith("  h") for line in text.split("\n")) == 2  # the header, and one host


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ""),
        ({"bandwidth_mib_s": 500.0}, ", 500 MiB/s each"),
        ({"network_mib_s": 1250.5}, ", 1250.5 MiB/s together"),
        ({"max_migrations": 3}, ", 3 migrations at most"),
        ({"max_memory_gib": 0.5}, ", 0.5 GiB at most"),
        ({"duration_s": 600}, ", done within 600 s"),
        ({"deadline": "2026-11-27T05:00:00+01:00"}, ", done by 2026-11-27 05:00"),
        (
            {"bandwidth_mib_s": 2.5, "duration_s": 60, "max_migrations": 1},
            ", 2.5 MiB/s each, 1 migrations at most, done within 60 s",
        ),
    ],
)
def test_the_limits_that_there_are(more: dict[str, Any], told: str) -> None:
    """Each with its unit; those that are not set are not told."""
    limits = {"per_host": 1, "cluster": 2, "bandwidth_mib_s": None, **more}
    assert limits_of({"limits": limits}) == f"Limits: 1 at a time per host, 2 in all{told}."


@pytest.mark.parametrize(
    ("solved", "basis"),
    [
        (True, "each number solved on its own"),
        (False, "the plan's own migrations, the one that gains most next"),
    ],
)
def test_a_curve_is_a_table(solved: bool, basis: str) -> None:
    """Of what fewer migrations would do, with the units of the figures."""
    points = [
        {"migrations": 0, "memory_mib": 0, "terms": {"hosts in use": 3}},
        {"migrations": 2, "memory_mib": 2048, "terms": {"hosts in use": 2}},
    ]
    text = render(plan({"goal": "consolidate"}, curve={"solved": solved, "points": points}))
    assert f"With fewer migrations ({basis}):\n" in text
    assert "           0  0 MiB    3 hosts\n           2  2.0 GiB  2 hosts\n" in text


def test_warnings_come_last() -> None:
    """One line each."""
    document = plan(evacuation("a"), warnings=["This is so.", "That, too."])
    assert lines_of(document)[-3:] == ["Note: This is so.", "Note: That, too.", ""]


def test_the_difference_that_a_plan_makes() -> None:
    """Only the hosts that change, one VM a line, in the form of --diff."""
    document = make_plan(FACTS, {**TIGHT, "limits": {"cluster": 1}}, evacuation("a"))
    found = {entry["before_header"]: entry for entry in placement_diff(document)}
    assert found["VMs on a (now)"] == {
        "before_header": "VMs on a (now)",
        "after_header": "VMs on a (after the plan)",
        "before": "x\ny\n",
        "after": "",
    }
    changed = [h["name"] for h in document["hosts"] if h["before"] != h["after"]]
    assert len(found) == len(changed)
    assert placement_diff(plan({"goal": "repair"})) == []
