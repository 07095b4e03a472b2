# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days of load through power saving: three hosts of ten CPUs with two VMs of eight vCPUs each."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planner.commands.drover import main
from planner.errors import InputError
from planner.goal.repair import Repair
from planner.importers.source import Source
from planner.policy.selector import fields
from planner.power.decide import decide
from planner.power.policy import parse_power
from planner.simulation.meter import Meter, Metered
from planner.simulation.power import TYPICAL_W, PowerCurve, curve_of, migration_j
from planner.simulation.problems import Problems
from planner.simulation.run import Record, run, total
from planner.simulation.strategy import PowerSaving, nothing, strategy
from planner.simulation.trace import Trace, from_files, from_table
from planner.simulation.world import World
from tests.unit.planner.builders import TIGHT, domain, host

STEP_S = 300.0
START = datetime.fromisoformat("2026-11-24T12:00:00+01:00")
POWER = {"idle_w": 100, "busy_w": 200, "asleep_w": 10, "boot_s": 100, "shutdown_s": 50}
AT_ONCE = {"sleep_evidence_s": 0, "min_on_s": 0, "min_off_s": 0, "stagger_s": 0, "off_at_once": 3}
POLICY: dict[str, Any] = {
    **TIGHT,
    "capacity": {"vcpu_overcommit": 5.0},
    "power": {**AT_ONCE, "sleep_below": 0.5, "wake_above": 0.8},
}


def facts() -> dict[str, Any]:
    """Return the cluster."""
    return {
        "hosts": [host(name, 1000, 10, power=POWER) for name in "abc"],
        "domains": [domain(f"vm{n}", "abc"[n // 2], 100, 8) for n in range(6)],
    }


def play(
    name: str,
    *loads: float,
    policy: dict[str, Any] | None = None,
    given: dict[str, Any] | None = None,
    start: datetime = START,
    series: dict[str, tuple[float, ...]] | None = None,
    step_s: float = STEP_S,
) -> list[Record]:
    """Return what a strategy does in steps of the same load, in per cent, for all VMs."""
    given, policy = given or facts(), policy or POLICY
    problems = Problems(given, policy, start)
    wanted = series or {entry["name"]: loads for entry in given["domains"]}
    world = World(given, problems.snapshot, wanted, start, step_s)
    power = parse_power(policy)
    chosen = nothing if name == "nothing" else strategy(name, problems, power, effort=1)
    return list(run(world, chosen, len(next(iter(wanted.values()))), step_s, step_s))


def with_power(**more: Any) -> dict[str, Any]:
    """Return the policy with other values of its section power."""
    return {**POLICY, "power": {**POLICY["power"], **more}}


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
    """Three hosts of 100 to 200 W at 8 of 10 CPUs draw 540 W; in two steps of 300 s that is 0.09 kWh."""
    found = play("nothing", 50, 50)
    assert [record.power_w for record in found] == [540, 540]
    totals = total(found, STEP_S)
    assert totals.energy_kwh == pytest.approx(0.09)
    assert (totals.host_hours, totals.migrations, totals.full_share) == (0.5, 0, 0)


@pytest.mark.parametrize(
    ("load", "asleep"),
    [
        (None, 2),
        ({"window": "5m"}, 2),
        ({"window": "1h", "percentile": 95}, 0),
        ({"window": "1h"}, 1),
    ],
)
def test_plans_are_made_for_the_load_that_the_policy_counts(
    load: dict[str, Any] | None, asleep: int
) -> None:
    """VMs that were busy a while ago are not put together on one host: by then each took
    7.6 CPUs, and in the mean of three steps 2.8."""
    found = play("power_saving", 95, 5, 5, policy={**POLICY, "load": load})
    assert sum(record.put_to_sleep for record in found) == asleep


def test_hosts_go_to_sleep_and_are_woken() -> None:
    """A load that one host carries leaves one on; when it rises, hosts are woken in the same run."""
    found = play("power_saving", 5, 5, 60, 60, 60)
    assert [record.hosts_on for record in found] == [1, 1, 3, 3, 3]
    assert [record.action for record in found] == ["sleep", "none", "wake", "none", "none"]
    assert [(record.put_to_sleep, record.woken) for record in found[:3]] == [(2, 0), (0, 0), (0, 2)]
    assert found[-1].full == 0


def test_simulation_and_playbook_decide_by_the_same_code() -> None:
    """What a run of the simulation decides is what `power_plan` decides from documents of that moment."""
    problems = Problems(facts(), POLICY, START)
    world = World(facts(), problems.snapshot, {f"vm{n}": (5.0,) for n in range(6)}, START, STEP_S)
    world.advance()
    entries = facts()
    for entry in entries["hosts"]:
        entry["power"] = {**POWER, "method": "ipmi", "proven": True}
    for entry in entries["domains"]:
        entry["cpu_usage"] = 0.4
    told = decide(entries, POLICY, now=START.isoformat())
    report = PowerSaving(problems=problems, power=parse_power(POLICY), effort=1)(world)
    assert told["action"] == report.action == "sleep"
    assert (told["hosts"], told["why"]) == (list(report.hosts), list(report.why))


def test_deeds_take_their_time() -> None:
    """A host being emptied draws power until its VMs have left and it is down; then what it draws asleep."""
    found = play("power_saving", 5, 5)
    asleep_w, idle_w = POWER["asleep_w"], POWER["idle_w"]
    assert found[1].power_w == pytest.approx(idle_w + 24 + 2 * asleep_w)
    waited_s = (found[0].on - 1) / 2 * STEP_S
    assert POWER["shutdown_s"] < waited_s < STEP_S
    awake_w = 2 * idle_w * waited_s / STEP_S
    asleep = 2 * asleep_w * (1 - waited_s / STEP_S)
    migrations = found[0].migrations * migration_j(100) / STEP_S
    assert found[0].power_w == pytest.approx(idle_w + 24 + awake_w + asleep + migrations, abs=0.2)


def test_a_host_that_boots_draws_power_and_carries_nothing() -> None:
    """Overload lasts until the woken host is up and VMs have come to it."""
    slow = facts()
    for entry in slow["hosts"]:
        entry["power"] = {**POWER, "boot_s": 400}
    found = play("power_saving", 5, 60, 60, 60, given=slow)
    assert [record.action for record in found] == ["sleep", "wake", "none", "none"]
    assert [record.hosts_on for record in found] == [1, 1, 3, 3]
    assert found[1].on == 3
    assert found[1].unserved == pytest.approx(6 * 4.8 - 10)
    assert 0 < found[2].unserved < found[1].unserved
    assert found[3].unserved == 0


def test_while_a_run_is_under_way_there_is_no_other() -> None:
    """A boot of 700 s takes up two more runs."""
    slow = facts()
    for entry in slow["hosts"]:
        entry["power"] = {**POWER, "boot_s": 700}
    found = play("power_saving", 5, 60, 5, 5, 5, given=slow)
    assert [record.action for record in found[:4]] == ["sleep", "wake", "none", "none"]


def test_going_to_sleep_is_slow() -> None:
    """A host is only put to sleep when the load has been low for the whole time of evidence."""
    found = play("power_saving", 60, 5, 5, 5, policy=with_power(sleep_evidence_s=600))
    assert [record.action for record in found] == ["none", "none", "none", "sleep"]


def test_min_on_and_min_off_hold_in_simulated_time() -> None:
    """What went to sleep stays so for min_off_s; what was woken stays on for min_on_s, and another host goes."""
    policy = with_power(min_off_s=900, min_on_s=900)
    found = play("power_saving", 5, 18, 18, 18, 18, 5, 5, policy=policy)
    done = [(r.step, r.action, r.hosts) for r in found if r.action != "none"]
    assert done == [(0, "sleep", ("a", "b")), (4, "wake", ("a",)), (5, "sleep", ("c",))]


def test_hosts_that_must_not_sleep_do_not() -> None:
    """keep_on counts; that a host has never been woken does not, for the first real night is still to come."""
    kept = facts()
    kept["hosts"][0]["power"] = {**POWER, "keep_on": True, "idle_w": 150}
    found = play("power_saving", 5, 5, given=kept)
    assert found[0].hosts == ("b", "c")


def test_the_night_follows_its_windows() -> None:
    """Hosts sleep from one to three, and are up again before the window closes."""
    night = {"windows": [{"start": "13:00", "end": "15:00"}], "ready_s": 600}
    found = play("nightly", *[5.0] * 20, policy=with_power(night=night), step_s=600)
    assert [r.hosts_on for r in found] == [3] * 6 + [1] * 11 + [3] * 3


def test_a_full_host_is_relieved_without_waking_any() -> None:
    """One VM's load rises: it does not stay where there is no CPU for it."""
    policy = {**with_power(wake_above=1.0), "headroom": {"cpu": 0.2, "memory": 0}}
    series = {f"vm{n}": (20.0, 20.0) for n in range(6)} | {"vm0": (90.0, 90.0)}
    found = play("power_saving", policy=policy, series=series)
    assert (found[0].action, found[0].hosts, found[0].migrations) == ("relieve", ("a",), 1)
    assert found[1].full == 0


def test_windows_of_migrations_count() -> None:
    """Nothing moves, so nothing sleeps, before limits.windows opens."""
    policy = {**POLICY, "limits": {"windows": [{"start": "12:05", "end": "18:00"}]}}
    assert [r.action for r in play("power_saving", 5, 5, policy=policy)] == ["none", "sleep"]


def test_rules_whose_windows_open_are_seen_in_time() -> None:
    """The host of a VM that may only move later stays on until then."""
    rule = {"type": "window", "domains": ["vm0"], "windows": [{"start": "12:05", "end": "18:00"}]}
    found = play("power_saving", 5, 5, policy={**POLICY, "rules": [rule]})
    assert "a" not in found[0].hosts
    assert found[0].hosts == ("b", "c")


def test_balancing_keeps_all_hosts_on() -> None:
    """Balance moves VMs and switches nothing off."""
    uneven = {**facts(), "domains": [domain(f"vm{n}", "a", 100, 8) for n in range(6)]}
    found = play("balance", 20, 20, given=uneven)
    assert (found[0].hosts_on, found[1].hosts_on) == (3, 3)
    assert found[0].migrations > 0
    assert found[1].power_w == pytest.approx(300 + 96)


def test_a_balance_does_not_wait_for_looks_that_nobody_remembers() -> None:
    """balance.hold asks for earlier looks, and without them every simulated balance did nothing."""
    uneven = {**facts(), "domains": [domain(f"vm{n}", "a", 100, 8) for n in range(6)]}
    found = play("balance", 20, 20, given=uneven, policy={**POLICY, "balance": {"hold": 3}})
    assert found[0].migrations > 0


def test_a_run_without_a_plan_is_told() -> None:
    """A plan that fails leaves the cluster as it is; the sentence is in the record."""
    apart = {"type": "anti_affinity", "domains": ["vm0", "vm1"], "strictness": "required"}
    found = play("balance", 10, 10, policy={**POLICY, "rules": [apart]})
    assert all("vm0" in record.failures[0] for record in found)
    assert len(total(found, STEP_S).failures) == 1


def test_selectors_that_look_at_the_load_are_asked_in_every_step() -> None:
    """A rule about VMs that are busy is about others when the load changes; other rules are read once."""
    busy = {
        "type": "host_affinity",
        "domains": "cpu_usage > `1`",
        "hosts": ["a"],
        "strictness": "never_worsen",
    }
    problems = Problems(facts(), {**POLICY, "rules": [busy]}, START)
    goal = Repair()
    assert problems.at(problems.snapshot, START, goal).policies.rules[0].domains == ()
    world = World(facts(), problems.snapshot, {f"vm{n}": (50.0,) for n in range(6)}, START, STEP_S)
    world.advance()
    assert len(problems.at(world.snapshot, START, goal).policies.rules[0].domains) == 6


@pytest.mark.parametrize(
    ("condition", "looked_at"),
    [
        ("labels.tier == 'db' && vcpus > `2`", {"labels", "tier", "vcpus"}),
        ("starts_with(name, 'web')", {"name"}),
        ("contains(values(@), 'x')", None),
        ("length(disks[*].path) > `1`", None),
    ],
)
def test_what_a_condition_looks_at(condition: str, looked_at: set[str] | None) -> None:
    """Names of facts; all, where that cannot be told."""
    assert fields(condition) == looked_at


def test_a_meter_forgets_nothing() -> None:
    """A change in the middle of a minute counts for the half of it."""
    meter = Meter({"a": Metered(cpus=10, curve=PowerCurve((100.0, 200.0)))})
    meter.recount([("a", 12.0)])
    meter.pass_time(30)
    meter.change("a", load=-12.0)
    meter.pass_time(30)
    passed = meter.take()
    assert (passed.power, passed.on, passed.full) == (30 * 200 + 30 * 100, 60, 30)
    assert (passed.unserved, passed.busy) == (60, 360)
    assert meter.take().power == 0


def test_a_migration_takes_energy() -> None:
    """1024 MiB take 570 J."""
    assert migration_j(1024) == pytest.approx(569.9, abs=0.1)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`drover simulate` compares the strategies with doing nothing, and writes every step."""
    paths = {name: tmp_path / name for name in ("facts.json", "policy.yml", "out.json")}
    paths["facts.json"].write_text(json.dumps(facts()))
    paths["policy.yml"].write_text(json.dumps(POLICY))
    trace = tmp_path / "trace"
    trace.mkdir()
    for number in range(6):
        (trace / f"vm{number}").write_text("5\n5\n60\n")
    documents = ["--facts", str(paths["facts.json"]), "--policy", str(paths["policy.yml"])]
    documents += ["--trace", str(trace), "--every", "300"]
    more = ["--price", "0.5", "--strategy", "power_saving", "--strategy", "balance"]
    assert main(["simulate", *documents, *more, "--out", str(paths["out.json"])]) == 0
    printed = capsys.readouterr().out.splitlines()
    first = ["strategy", "nothing", "power_saving", "balance", "Note:"]
    assert [line.split()[0] for line in printed] == first
    assert printed[-1] == "Note: 3 hosts count as if power_test had proved that they can be woken."
    written = json.loads(paths["out.json"].read_text())["strategies"]
    assert [step["hosts_on"] for step in written["power_saving"]["steps"]] == [1, 1, 3]
    assert main(["simulate", *documents, *more, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(paths["out.json"].read_text())
    assert told["notes"] == ["3 hosts count as if power_test had proved that they can be woken."]
    nothing = told["strategies"]["nothing"]
    assert nothing["cost"] == nothing["totals"]["energy_kwh"] * 0.5
    for wrong in (["--steps", "0"], ["--effort", "6"], ["--every", "0"], ["--strategy", "nightly"]):
        assert main(["simulate", *documents, *wrong]) == 2
    assert main(["simulate", *documents, "--trace", str(tmp_path / "none")]) == 2


def test_the_same_input_gives_the_same_day() -> None:
    """Nothing is left to chance."""
    loads = (5, 60, 20, 20)
    assert play("power_saving", *loads) == play("power_saving", *loads)


def test_rules_may_name_hosts_that_sleep_and_vms_that_do_not_run() -> None:
    """Whatever a policy names stays known all day."""
    document = facts()
    document["domains"].append(domain("down", "c", state="shutoff"))
    document["hosts"].append(host("gone", state="unreachable"))
    rule = {
        "type": "host_affinity",
        "domains": ["vm0", "down"],
        "hosts": ["a", "b", "c", "gone"],
        "strictness": "required",
    }
    found = play("power_saving", 5, 5, policy={**POLICY, "rules": [rule]}, given=document)
    assert [record.failures for record in found] == [(), ()]
    assert [record.hosts_on for record in found] == [1, 1]


def test_vms_that_moved_rest() -> None:
    """Load that jumps about sends VMs back and forth; peace for those that moved makes that less."""
    chance = Random(4)
    jumping = {
        f"vm{n}": tuple(80.0 if chance.random() < 0.4 else 5.0 for _step in range(12))
        for n in range(6)
    }
    counts = {}
    for cost_s in (0, 1e9):
        policy = {**POLICY, "cooldown": {"cost_s": cost_s, "period_s": 3600}}
        found = play("balance", policy=policy, series=jumping)
        counts[cost_s] = sum(record.migrations for record in found)
    assert counts[1e9] < counts[0]
