# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of load through the planner."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planner.cli import main
from planner.errors import InputError
from planner.importers.source import Source
from planner.simulation.power import TYPICAL_W, PowerCurve, curve_of
from planner.simulation.run import Record, run, total
from planner.simulation.strategy import Action, Balancing, Consolidating, nothing
from planner.simulation.trace import Trace, from_files, from_table
from planner.simulation.world import Clock, World
from tests.unit.planner.builders import TIGHT, domain, host

STEP_S = 300.0
POWER = {"power": {"idle_w": 100, "busy_w": 200}}
POLICY = {**TIGHT, "capacity": {"vcpu_overcommit": 5.0}}


def facts() -> dict[str, Any]:
    """Return three hosts of ten threads with two VMs of eight vCPUs each."""
    return {
        "hosts": [host(name, 1000, 10, **POWER) for name in "abc"],
        "domains": [domain(f"vm{n}", "abc"[n // 2], 100, 8) for n in range(6)],
    }


def world(*loads: float) -> World:
    """Return the cluster with the same load, in per cent, for all VMs."""
    return World(facts(), {f"vm{n}": loads for n in range(6)})


def records(strategy: Any, *loads: float) -> list[Record]:
    """Run a strategy over a load."""
    return list(run(world(*loads), strategy, len(loads), STEP_S))


def packing(evidence: int, spare: int) -> Consolidating:
    """Return the strategy that consolidates."""
    return Consolidating(
        policy=POLICY, goal={"goal": "consolidate"}, evidence=evidence, spare=spare
    )


def test_power_between_the_points() -> None:
    """Power is straight between the points of the curve, and never more than at full load."""
    curve = PowerCurve((100.0, 200.0))
    assert [curve.at(load) for load in (-1, 0, 0.25, 1, 3)] == [100, 100, 125, 200, 200]
    assert PowerCurve(TYPICAL_W).at(0.25) == pytest.approx(103)


def test_where_the_curve_comes_from() -> None:
    """A whole curve goes before two points, and those before a typical server."""
    watts = list(range(11))
    assert curve_of(
        {"name": "a", "power": {"curve_w": watts, "idle_w": 5, "busy_w": 6}}
    ).watts == tuple(watts)
    assert curve_of({"name": "a", "power": {"idle_w": 5, "busy_w": 6}}).watts == (5, 6)
    assert curve_of({"name": "a"}).watts == TYPICAL_W
    with pytest.raises(InputError, match="host a must have 11 watts"):
        curve_of({"name": "a", "power": {"curve_w": [1, 2]}})


def test_files_and_tables_say_the_same() -> None:
    """A file per VM and a table with a column per VM are the same trace; the shortest series counts."""
    files = from_files([Source("d/vm1.txt", "10\n20\n30\n"), Source("d/vm2", "5\n6\n")])
    table = from_table(Source("t.csv", "vm1,vm2\n10,5\n20,6\n"))
    assert files == table == Trace({"vm1": (10, 20), "vm2": (5, 6)})


def test_series_are_shared_out() -> None:
    """Series that bear the names of the VMs are theirs; others go round in the order of names."""
    trace = Trace({"x": (1.0,), "y": (2.0,)})
    assert trace.of_domains(["y", "x"]) == {"y": (2.0,), "x": (1.0,)}
    assert trace.of_domains(["c", "a", "b"]) == {"a": (1.0,), "b": (2.0,), "c": (1.0,)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "t.csv, line 1: the first line must name a VM for each column"),
        ("a,a\n1,2\n", "t.csv, line 1: the first line must name a VM for each column"),
        ("a,b\n1,2\n3\n", "t.csv, line 3: there are 1 numbers under 2 names."),
        ("a,b\n1,x\n", "t.csv, line 2: the load is 'x', which is not a number."),
        ("a,b\n1,200\n", "t.csv, line 2: the load is 200; it must be per cent"),
        ("a,b\n", "The trace holds no samples"),
    ],
)
def test_broken_traces_are_one_sentence(text: str, words: str) -> None:
    """A fault in a trace is told with file and line."""
    with pytest.raises(InputError) as caught:
        from_table(Source("t.csv", text))
    assert words in caught.value.message


def test_doing_nothing() -> None:
    """Three hosts of 100 to 200 W at 8 of 10 threads draw 540 W; in two steps of 300 s that is 0.09 kWh."""
    found = records(nothing, 50, 50)
    assert [record.power_w for record in found] == [540, 540]
    totals = total(found, STEP_S)
    assert totals.energy_kwh == pytest.approx(0.09)
    assert (totals.host_hours, totals.migrations, totals.full_share) == (0.5, 0, 0)


def test_hosts_go_to_sleep_and_are_woken() -> None:
    """Little load is packed onto fewer hosts; when the load rises, hosts are woken until none is over its limit."""
    found = records(packing(1, 0), 10, 10, 60, 60)
    assert [record.hosts_on for record in found] == [1, 1, 3, 3]
    assert found[0].migrations == 4
    assert found[1].migrations == 0
    assert found[2].migrations >= 4
    assert found[3].full == 0


def test_no_more_hosts_are_woken_than_needed() -> None:
    """A load that two hosts carry wakes one beside the one that is on; only as many VMs move as must."""
    found = records(packing(1, 0), 10, 35)
    assert [record.hosts_on for record in found] == [1, 2]
    assert found[1].migrations == 3


def test_until_a_plan_ends_the_old_state_counts() -> None:
    """Overload lasts, and hosts being emptied draw power, for as long as the migrations take."""
    found = records(packing(1, 0), 10, 60)
    part = found[0].makespan_s / STEP_S
    assert 0 < part < 1
    assert found[0].power_w == pytest.approx(348 * part + 148 * (1 - part), abs=0.1)
    assert found[1].full == pytest.approx(found[1].makespan_s / STEP_S, abs=1e-3)
    assert found[1].unserved > 0


def test_going_to_sleep_is_slow() -> None:
    """A host is only emptied when the peaks of the whole evidence allow it."""
    strategy = packing(3, 0)
    assert [record.hosts_on for record in records(strategy, 60, 10, 10, 10)] == [3, 3, 3, 1]


def test_spare_hosts_stay_on() -> None:
    """So many empty hosts are not switched off."""
    found = records(packing(1, 1), 10)
    assert found[0].hosts_on == 2


def test_balancing_keeps_all_hosts_on() -> None:
    """Balance moves VMs and switches nothing off."""
    uneven = {**facts(), "domains": [domain(f"vm{n}", "a", 100, 8) for n in range(6)]}
    one = World(uneven, {f"vm{n}": (20.0,) for n in range(6)})
    found = list(run(one, Balancing(policy=POLICY, goal={"goal": "balance"}), 1, STEP_S))
    assert found[0].hosts_on == 3
    assert found[0].migrations > 0
    assert set(one.placement.values()) == {"a", "b", "c"}


def test_a_step_without_a_plan_is_told() -> None:
    """A plan that fails leaves the cluster as it is; the sentence is in the record."""
    found = records(Balancing(policy=POLICY, goal={"goal": "evacuate", "hosts": ["z"]}), 10, 10)
    assert all("There is no host z" in (record.failure or "") for record in found)
    assert len(total(found, STEP_S).failures) == 1


def test_plans_longer_than_a_step_are_counted() -> None:
    """A step cannot hold more migrations than fit into it; that is said."""
    found = list(run(world(10), lambda _world: Action(1, 1, STEP_S + 1), 1, STEP_S))
    assert total(found, STEP_S).late_steps == 1


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`drover simulate` compares the goals with doing nothing, and writes every step."""
    paths = {name: tmp_path / name for name in ("facts.json", "policy.yml", "out.json")}
    paths["facts.json"].write_text(json.dumps(facts()))
    paths["policy.yml"].write_text(json.dumps(POLICY))
    trace = tmp_path / "trace"
    trace.mkdir()
    for number in range(6):
        (trace / f"vm{number}").write_text("10\n10\n60\n")
    documents = [
        "--facts",
        str(paths["facts.json"]),
        "--policy",
        str(paths["policy.yml"]),
        "--trace",
        str(trace),
    ]
    more = [
        "--price",
        "0.5",
        "--goal",
        "consolidate",
        "--goal",
        "balance",
        "--out",
        str(paths["out.json"]),
    ]
    assert main(["simulate", *documents, *more, "--evidence", "1"]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()] == [
        "strategy",
        "nothing",
        "consolidate",
        "balance",
    ]
    written = json.loads(paths["out.json"].read_text())["strategies"]
    assert [step["hosts_on"] for step in written["consolidate"]["steps"]] == [1, 1, 3]
    assert main(["simulate", *documents, "--steps", "0"]) == 2
    assert main(["simulate", *documents[:-1], str(tmp_path / "none")]) == 2


def test_the_same_input_gives_the_same_day() -> None:
    """Nothing is left to chance."""
    strategy = packing(2, 0)
    assert records(strategy, 10, 60, 20, 20) == records(strategy, 10, 60, 20, 20)


def test_rules_may_name_hosts_that_are_off_and_vms_that_do_not_run() -> None:
    """Whatever a policy names stays known all day."""
    document = facts()
    document["domains"].append(domain("down", "c", state="shutoff"))
    rules = [
        {
            "type": "host_affinity",
            "domains": ["vm0", "down"],
            "hosts": ["a", "b", "c"],
            "strictness": "required",
        }
    ]
    policy = {**POLICY, "rules": rules}
    cluster = World(document, {f"vm{n}": (10.0, 10.0) for n in range(6)}, policy)
    strategy = Consolidating(policy=policy, goal={"goal": "consolidate"}, evidence=1)
    found = list(run(cluster, strategy, 2, STEP_S))
    assert [record.failure for record in found] == [None, None]
    assert [record.hosts_on for record in found] == [1, 1]


def test_windows_count_in_a_day_with_a_clock() -> None:
    """Two steps of an hour before and after ten in the evening: nothing moves before the window opens."""
    clock = Clock(datetime.fromisoformat("2026-11-24T21:30:00+01:00"), 3600)
    night = {"limits": {"windows": [{"start": "22:00", "end": "05:00"}]}}
    strategy = Consolidating(policy={**POLICY, **night}, goal={"goal": "consolidate"}, evidence=1)
    quiet = World(facts(), {f"vm{n}": (5.0, 5.0) for n in range(6)}, night, clock)
    assert [r.migrations > 0 for r in run(quiet, strategy, 2, 3600)] == [False, True]


def test_vms_that_moved_rest_in_a_day_with_a_clock() -> None:
    """Load that jumps about sends VMs back and forth; peace for those that moved makes that less."""
    chance = Random(4)
    jumping = {
        f"vm{n}": tuple(80.0 if chance.random() < 0.4 else 5.0 for _step in range(12))
        for n in range(6)
    }
    counts = {}
    for cost_s in (0, 1e9):
        policy = {**POLICY, "cooldown": {"cost_s": cost_s}}
        strategy = Balancing(policy=policy, goal={"goal": "balance", "aggressiveness": 5})
        clock = Clock(datetime.fromisoformat("2026-11-24T12:00:00+01:00"), STEP_S)
        day = World(facts(), jumping, policy, clock)
        counts[cost_s] = sum(record.migrations for record in run(day, strategy, 12, STEP_S))
    assert counts == {0: 8, 1e9: 6}
