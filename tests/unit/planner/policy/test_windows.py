# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times at which migrations are allowed: windows of VMs and of the cluster, and a deadline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.advice.explain import explain
from planner.cluster.placement import Placement
from planner.errors import Immovable, Infeasible, InputError, TooLong
from planner.pipeline import make_plan
from planner.policy.time_frame import time_frame
from planner.policy.windows import next_opening, open_s, parse_windows
from planner.report.text import render
from planner.verify import find_faults
from tests.unit.planner.builders import TIGHT, cluster, evacuation, policy, problem, rule
from tests.unit.planner.strategies import clusters

CROWDED = cluster(a={"x": 300, "y": 300, "z": 300}, b={})
BALANCE = {"goal": "balance", "aggressiveness": 5}
NIGHT = {"start": "22:00", "end": "05:00", "days": ["fri"]}
"""From Friday evening to Saturday morning; 2026-11-27 is a Friday."""


def at(day: int, time: str) -> dict[str, str]:
    """Return the part of a goal that says what time it is, in November."""
    return {"now": f"2026-11-{day}T{time}+01:00"}


def moment(day: int, time: str) -> datetime:
    """Return a moment of November."""
    return datetime.fromisoformat(at(day, time)["now"])


@pytest.mark.parametrize(
    ("day", "time", "hours"),
    [
        (27, "21:59", 0),
        (27, "22:00", 7),
        (28, "04:00", 1),
        (28, "05:00", 0),
        (28, "23:00", 0),
        (27, "04:00", 0),
    ],
)
def test_a_window_past_midnight_belongs_to_its_first_day(day: int, time: str, hours: int) -> None:
    """Friday night is open until Saturday at five; Friday before dawn and Saturday night are not in it."""
    windows = parse_windows([NIGHT], "windows")
    assert open_s(windows, moment(day, time)) == hours * 3600


def test_the_next_opening_is_at_most_a_week_away() -> None:
    """Once open, a window that opens on one day a week opens again in a week."""
    windows = parse_windows([NIGHT], "windows")
    assert next_opening(windows, moment(24, "12:00")) == moment(27, "22:00")
    assert next_opening(windows, moment(27, "22:00")).day == 4


def test_equal_times_mean_the_whole_day() -> None:
    """From midnight to midnight a window is open for 24 hours."""
    windows = parse_windows([{"start": "00:00", "end": "00:00"}], "windows")
    assert open_s(windows, moment(24, "00:00")) == 24 * 3600


@pytest.mark.parametrize(
    ("deadline", "hours"), [("05:30", 7.5), ("22:30", 0.5), ("2026-11-25T00:00", 2)]
)
def test_a_deadline_is_a_moment_or_the_next_such_time(deadline: str, hours: float) -> None:
    """At ten in the evening, half past five is tomorrow; a moment without an offset is in the time zone of now."""
    frame = time_frame(moment(24, "22:00"), deadline, ())
    assert frame is not None
    assert frame.seconds == hours * 3600


def test_the_earlier_of_deadline_and_window_counts() -> None:
    """The window closes at five, the deadline is at four."""
    frame = time_frame(moment(27, "22:00"), "04:00", parse_windows([NIGHT], "windows"))
    assert frame is not None
    assert frame.seconds == 6 * 3600


def test_outside_its_window_a_vm_stays() -> None:
    """A closed window pins its VMs, and the explanation says when it opens; in the window they move."""
    rules = policy(rule("window", ["x", "y"], windows=[NIGHT]))
    closed = make_plan(CROWDED, rules, {**BALANCE, **at(24, "22:00")})
    assert [step["domain"] for step in closed["steps"]] == ["z"]
    assert "the next of which opens on Fri 2026-11-27 22:00" in explain(closed, "y")
    open_now = make_plan(CROWDED, rules, {**BALANCE, **at(27, "22:00")})
    assert [step["domain"] for step in open_now["steps"]] == ["y"]
    assert open_now["steps"][0]["deadline"] == "2026-11-28T05:00:00+01:00"


def test_an_evacuation_does_not_override_a_window() -> None:
    """Who must leave but may not move now is named, with the time from which on it may."""
    rules = policy(rule("window", ["y"], windows=[NIGHT]))
    with pytest.raises(Immovable, match=r"VM y cannot leave a: .* opens on Fri 2026-11-27 22:00"):
        make_plan(CROWDED, rules, {**evacuation("a"), **at(24, "22:00")})


def test_a_preferred_window_makes_migrations_dearer() -> None:
    """Out of its window, y costs more than the others, so another one moves; in its window it costs the same."""
    rules = policy(rule("window", ["y"], windows=[NIGHT], strictness="preferred", weight=100))
    assert moved(make_plan(CROWDED, rules, {**BALANCE, **at(24, "22:00")})) != ["y"]
    assert moved(make_plan(CROWDED, rules, {**BALANCE, **at(27, "22:00")})) == ["y"]


def moved(plan: dict[str, Any]) -> list[str]:
    """Return the VMs that a plan moves."""
    return [step["domain"] for step in plan["steps"]]


def test_a_migration_ends_before_the_window_of_its_vm_closes() -> None:
    """Two seconds before five there is no time to move y; for a balance, another VM does; a person is refused."""
    rules = policy(rule("window", ["y"], windows=[NIGHT]))
    late = {"now": "2026-11-28T04:59:58+01:00"}
    plan = make_plan(CROWDED, rules, {**BALANCE, **late})
    assert moved(plan) in (["x"], ["z"])
    assert "closes on Sat 2026-11-28 05:00, in 2 s" in explain(plan, "y")
    with pytest.raises(TooLong, match="VM y cannot move in time"):
        make_plan(CROWDED, rules, {"goal": "migrate", "domain": "y", "destination": "b", **late})


def test_vms_whose_windows_close_go_first() -> None:
    """The shortest order puts the small VM last, and its window closes in five seconds: so it goes first."""
    facts = cluster(a={"big": 900, "tall": 900, "small": 100}, b={}, c={}, d={})
    rules = policy(rule("window", ["small"], windows=[NIGHT]))
    goal = {**evacuation("a"), "now": "2026-11-28T04:59:55+01:00"}
    assert moved(make_plan(facts, TIGHT, evacuation("a")))[0] != "small"
    plan = make_plan(facts, rules, goal)
    assert moved(plan)[0] == "small"
    assert plan["makespan_s"] == plan["makespan_bound_s"]


def test_the_oracle_knows_when_windows_close() -> None:
    """A plan made in the middle of the night is refused a second before its end."""
    rules = policy(rule("window", ["y"], windows=[NIGHT]))
    plan = make_plan(CROWDED, rules, {**BALANCE, **at(27, "23:00")})
    posed = problem(CROWDED, {**BALANCE, "now": "2026-11-28T04:59:59+01:00"}, rules)
    assert any("after the window of the window rule" in fault for fault in find_faults(posed, plan))


def test_the_cluster_has_a_window() -> None:
    """Closed, a balance waits and says for what; open, it keeps to the time that is left."""
    limits = policy(limits={"windows": [NIGHT]})
    closed = make_plan(CROWDED, limits, {**BALANCE, **at(24, "22:00")})
    assert closed["steps"] == []
    assert (closed["status"], closed["gap"]) == ("optimal", 0.0)
    assert closed["message"].startswith(
        "No migration may start now: the next window of limits.windows"
    )
    assert any(
        "Left out for time (the next window of limits.windows opens on Fri 2026-11-27 22:00)" in w
        for w in closed["warnings"]
    )
    open_now = make_plan(CROWDED, limits, {**BALANCE, **at(27, "22:00")})
    assert len(open_now["steps"]) == 1
    assert open_now["limits"]["deadline"] == "2026-11-28T05:00:00+01:00"
    assert "done by 2026-11-28 05:00" in render(open_now)


def test_an_evacuation_waits_for_the_window_of_the_cluster() -> None:
    """It is refused with the time of the opening; a host that is empty already needs no window."""
    limits = policy(limits={"windows": [NIGHT]})
    with pytest.raises(Infeasible, match=r"No migration may start now: the next window .* opens"):
        make_plan(CROWDED, limits, {**evacuation("a"), **at(24, "22:00")})
    assert make_plan(CROWDED, limits, {**evacuation("b"), **at(24, "22:00")})["steps"] == []


def test_a_deadline_is_to_come() -> None:
    """One that has passed is told as such, whatever the goal."""
    with pytest.raises(InputError, match=r"goal.deadline: Tue 2026-11-24 21:00 has passed"):
        make_plan(CROWDED, {}, {**BALANCE, **at(24, "22:00"), "deadline": "2026-11-24T21:00"})


def test_a_deadline_limits_the_time() -> None:
    """With five seconds to the deadline, two of three VMs cannot be all that leave."""
    goal = {**evacuation("a"), "now": "2026-11-24T04:59:55+01:00", "deadline": "05:00"}
    with pytest.raises(
        Infeasible, match=r"keeps the cluster busy for 7 s, 1 at a time, and there are 5 s"
    ):
        make_plan(CROWDED, TIGHT, goal)


@settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.data())
def test_whatever_the_windows_every_plan_keeps_them(data: st.DataObject) -> None:
    """Windows that are open, closed or about to close: a goal that may wait always has a plan, and it verifies."""
    facts = data.draw(clusters())
    names = [entry["name"] for entry in facts["domains"]]
    some = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    end = data.draw(st.sampled_from(["12:00", "12:01", "13:00"]))
    windows = [{"start": data.draw(st.sampled_from(["11:00", "12:00"])), "end": end}]
    strictness = data.draw(st.sampled_from(["required", "preferred"]))
    document = policy(rule("window", some, windows=windows, strictness=strictness))
    for kind in ("balance", "consolidate", "repair"):
        make_plan(facts, document, {"goal": kind, "now": "2026-11-24T12:00:55+01:00"})


@pytest.mark.parametrize(
    ("document", "goal", "words"),
    [
        (policy(rule("window", ["x"], windows=[NIGHT])), {}, "goal.now: policy.rules[0] depends"),
        (
            policy(limits={"windows": [NIGHT]}),
            {},
            "goal.now: policy.limits.windows depends on the time",
        ),
        (TIGHT, {"deadline": "05:00"}, "goal.now: goal.deadline depends on the time"),
        (TIGHT, {"now": "2026-11-24T22:00"}, "does not tell its distance from UTC"),
        (TIGHT, {"now": "ten o'clock"}, "is not a moment; write it like"),
        (TIGHT, {"deadline": "25:00", **at(24, "22:00")}, "'25:00' is not a time of day"),
        (
            policy(limits={"windows": [{"start": "22", "end": "05:00"}]}),
            at(24, "22:00"),
            "policy.limits.windows[0].start: '22' is not a time of day",
        ),
        (
            policy(rule("window", ["x"], windows=[{**NIGHT, "days": ["friday"]}])),
            at(24, "22:00"),
            'windows[0].days[0]: "friday" is not one of mon',
        ),
    ],
)
def test_faults_are_named(document: dict[str, Any], goal: dict[str, str], words: str) -> None:
    """What is wrong with a time, or that it is missing, is said with its place."""
    with pytest.raises(InputError) as caught:
        make_plan(CROWDED, document, {**evacuation("a"), **goal})
    assert words in caught.value.message


def test_what_a_late_vm_leaves_possible_is_not_called_best() -> None:
    """One VM gets to t in time. That the other one would have freed more watts is not looked at, so the plan is good,
    and no more: its bound is that of both moves."""
    facts = cluster(c1={"x1": 100}, c2={"x2": 100}, t={"big": 800})
    for entry, watts in zip(facts["hosts"], (50, 150, 100), strict=True):
        entry["power"] = {"idle_w": watts}
    windows = [{"start": "22:00", "end": "22:31"}]
    limits = policy(rule("stay", ["big"]), rule("window", ["x1", "x2"], windows=windows))
    goal = {"goal": "consolidate", "now": "2026-11-24T22:30:57+01:00"}
    plan = make_plan(facts, limits, goal)
    better = Placement({"x1": "c1", "x2": "t", "big": "t"})
    assert len(plan["steps"]) == 1
    assert plan["status"] == "feasible"
    assert plan["bound"] <= problem(facts, goal, limits).objective.value_s(better)
