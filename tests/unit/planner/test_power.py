# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are woken and put to sleep, and when: hosts of 10 CPUs and 1000 MiB, without overcommit."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import InputError
from planner.pipeline import read_problem
from planner.power import sleeping
from planner.power.decide import decide, decide_on
from planner.power.policy import parse_power

from .builders import TIGHT, domain, host

NOW = "2026-11-24T23:00:00+01:00"
NIGHT = {"night": {"windows": [{"start": "22:00", "end": "06:00"}]}}
READY = {"method": "ipmi", "proven": True, "boot_s": 100, "since": "2026-11-20T00:00:00Z"}


def at(minutes_ago: int) -> str:
    """Return a moment before NOW."""
    hours, minutes = divmod(23 * 60 - minutes_ago, 60)
    return f"2026-11-24T{hours:02d}:{minutes:02d}:00+01:00"


def looks(*minutes_ago: int, busy: float = 1.0) -> list[dict[str, Any]]:
    """Return looks that found these CPUs busy."""
    return [{"at": at(ago), "memory_mib": 0, "vcpus": 0, "cpu_usage": busy} for ago in minutes_ago]


def cluster(busy: float, asleep: int = 0, up: int = 3, **power: Any) -> dict[str, Any]:
    """Return hosts that are up, each with a VM, all of which keep `busy` CPUs busy; and hosts asleep."""
    hosts = [host(f"up{n}", vcpus=10, power={**READY, **power}) for n in range(up)]
    for n in range(asleep):
        hosts.append(host(f"zz{n}", vcpus=10, state="asleep", power={**READY, **power}))
    domains = [domain(f"vm{n}", f"up{n}", 100, 1, busy / up) for n in range(up)]
    return {"hosts": hosts, "domains": domains}


def decided(facts: dict[str, Any], nightly: bool = False, **more: Any) -> dict[str, Any]:
    """Return the decision at NOW, after enough looks at a low load unless others are given."""
    now = more.pop("now", NOW)
    seen = more.pop("looks", looks(50, 40, 30, 20, 10))
    return decide(facts, {**TIGHT, "power": more}, now=now, looks=seen, night=nightly)


def test_a_low_load_sends_one_host_to_sleep() -> None:
    """Of three hosts one at a time, when the two that stay carry the load below 45 %."""
    found = decided(cluster(6.0))
    assert (found["action"], found["hosts"]) == ("sleep", ["up0"])
    assert found["refused"]["up1"] == "1 at a time go to sleep (off_at_once)."
    assert found["look"] == {
        "at": NOW,
        "memory_mib": 300,
        "vcpus": 3,
        "cpu_usage": 6.0,
        "largest_mib": 100,
    }


def test_a_load_that_was_higher_keeps_all_on() -> None:
    """40 minutes of evidence: the highest look counts, also the one just before."""
    found = decided(cluster(6.0), looks=[*looks(50, busy=9.5), *looks(30, 20, 10)])
    assert found["action"] == "none"
    assert "9.5 CPUs were busy, more than 45% of the 20" in found["refused"]["up0"]


def test_without_evidence_nothing_sleeps() -> None:
    """Neither with looks that are too young, nor with a gap."""
    for seen in (looks(30, 20, 10), looks(100, 10)):
        found = decided(cluster(6.0), looks=seen)
        assert found["action"] == "none"
        assert "has not been watched for 2400 s" in found["why"][0]


def test_a_high_load_wakes_as_many_as_it_takes() -> None:
    """Above 81 % of the hosts that are on, until they are filled to no more than 63 %."""
    assert decided(cluster(24.0, asleep=3))["action"] == "none"
    found = decided(cluster(26.0, asleep=3))
    assert (found["action"], found["hosts"]) == ("wake", ["zz0", "zz1"])
    assert found["why"] == [
        "26.0 CPUs are busy, more than 81% of the 30 that the hosts that are on may give out."
    ]


def test_a_host_that_has_just_gone_to_sleep_is_left_alone_unless_vms_have_no_place() -> None:
    """min_off_s spares hardware, but no VM waits for it."""
    young = {"since": at(5)}
    assert decided(cluster(26.0, asleep=1, **young))["action"] == "none"
    crowded = cluster(1.0, asleep=1, **young)
    crowded["domains"] += [domain(f"more{n}", "up0", 950) for n in range(3)]
    assert decided(crowded)["hosts"] == ["zz0"]


@pytest.mark.parametrize(
    ("power", "said"),
    [
        ({"method": None}, "no drover_power"),
        ({"proven": False}, "has never been woken"),
        ({"keep_on": True}, "keep_on"),
        ({"doubtful": {"since": NOW, "reason": "no boot."}}, "is doubtful (no boot)"),
        ({"needed_by": ["up0 runs etcd: others need it."]}, "runs etcd"),
        ({"since": at(10)}, "stays on for another 3000 s"),
    ],
)
def test_who_never_sleeps(power: dict[str, Any], said: str) -> None:
    """Each host says why."""
    found = decided(cluster(1.0, **power))
    assert found["action"] == "none"
    assert said in found["refused"]["up0"]


def test_min_on_and_failure_domains_keep_hosts_on() -> None:
    """Three hosts in racks a, a, b: one of a may sleep, and then no other."""
    facts = cluster(1.0)
    for entry, rack in zip(facts["hosts"], "aab", strict=True):
        entry["labels"] = {"rack": rack}
    found = decided(facts, off_at_once=3)
    assert found["hosts"] == ["up0"]
    assert "the last host that is on of rack a" in found["refused"]["up1"]
    assert "power.min_on" in decided(cluster(1.0), min_on=3)["refused"]["up0"]


def test_a_host_stays_on_for_a_rule_that_only_maintenance_may_bend() -> None:
    """The choice and the plan that empties the host agree: saving power bends nothing."""
    stay = {"type": "stay", "name": "fixed", "domains": ["vm0"], "during_maintenance": "preferred"}
    found = decide(cluster(1.0), {**TIGHT, "rules": [stay]}, now=NOW, looks=looks(50, 40, 20))
    assert found["hosts"] == ["up1"]
    assert "vm0" in found["refused"]["up0"]


def test_the_spare_host_stays_on() -> None:
    """N+1: two hosts that could not take each other's VMs keep the third one on."""
    facts = cluster(1.0)
    facts["domains"] = [domain("a", "up0", 600), domain("b", "up1", 600)]
    policy = {**TIGHT, "power": {}, "spare_hosts": 1}
    found = decide(facts, policy, now=NOW, looks=looks(50, 40, 30, 20, 10))
    assert found["action"] == "none"
    assert "If up0 failed, there would be no place for a." in found["refused"]["up2"]


def test_a_failed_host_wakes_enough_for_its_vms() -> None:
    """What the VMs took when all hosts answered has to fit; that look is not replaced by a worse one."""
    facts = cluster(1.0, asleep=2)
    facts["hosts"][0].update(state="unreachable", vcpus=1, memory_mib=1)
    facts["domains"] = facts["domains"][1:]
    seen = [{"at": at(10), "memory_mib": 2500, "vcpus": 3, "cpu_usage": 1.0}]
    found = decided(facts, looks=seen)
    assert (found["action"], found["hosts"], found["look"]) == ("wake", ["zz0"], None)
    assert found["why"][0] == "up0 failed."


def test_room_in_pieces_is_no_place_for_a_large_vm() -> None:
    """Two hosts with 400 MiB free each have the 800 MiB, but no place for a VM of up to 600: another host is woken."""
    facts = cluster(1.0, asleep=2, up=4)
    for name, free in (("up1", 400), ("up2", 400), ("up3", 0)):
        facts["domains"].append(domain(f"old-{name}", name, 900 - free))
    facts["hosts"][0].update(state="unreachable", vcpus=1, memory_mib=1)
    facts["domains"] = facts["domains"][1:]
    took = {"at": at(10), "memory_mib": 2800, "vcpus": 3, "cpu_usage": 1.0}
    for largest, action in ((100, "none"), (600, "wake")):
        found = decided(facts, looks=[{**took, "largest_mib": largest}])
        assert found["action"] == action
    assert found["hosts"] == ["zz0", "zz1"]
    assert "600 MiB of memory have lost their hosts" in found["why"][1]


def test_all_racks_are_woken_in_turn() -> None:
    """Of two racks with a host on each, two hosts are woken: one of each rack, though one rack draws less."""
    facts = cluster(26.0, asleep=4)
    for entry, rack in zip(facts["hosts"], "aabaabb", strict=True):
        entry["labels"] = {"rack": rack}
    for entry in facts["hosts"][3:5]:
        entry["power"] = {**READY, "idle_w": 10}
    for entry in facts["hosts"][5:]:
        entry["power"] = {**READY, "idle_w": 20}
    assert decided(facts)["hosts"] == ["zz2", "zz0"]


def test_watts_for_work_decide_who_sleeps() -> None:
    """A host that draws less without load, but more at half load, goes first."""
    facts = cluster(1.0)
    for entry, (idle, busy) in zip(
        facts["hosts"], ((50, 400), (100, 200), (100, 200)), strict=True
    ):
        entry["power"] = {**READY, "idle_w": idle, "busy_w": busy}
    assert decided(facts)["hosts"] == ["up0"]


def test_a_night_puts_many_hosts_to_sleep_in_a_few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty hosts with a VM of 300 MiB each need fourteen: halves are tried, not one host after the other."""
    tries = []
    wanted = sleeping.plan_problem

    def counted(problem: Any, **more: Any) -> Any:
        tries.append(problem.goal.emptied)
        return wanted(problem, **more)

    monkeypatch.setattr(sleeping, "plan_problem", counted)
    facts = cluster(1.0, up=40)
    facts["domains"] = [domain(f"vm{n}", f"up{n}", 300) for n in range(40)]
    found = decided(facts, nightly=True, **NIGHT)
    assert len(found["hosts"]) >= 20
    assert len(tries) <= sleeping.TRIES
    assert not set(found["hosts"]) & set(found["refused"])
    assert len(found["hosts"]) + len(found["refused"]) == 40


def test_memory_in_all_keeps_hosts_on() -> None:
    """Nobody looks for a place for VMs that the sums have no room for."""
    facts = cluster(1.0)
    facts["domains"] = [domain(f"vm{n}", f"up{n}", 700) for n in range(3)]
    assert "the VMs take 2100 MiB of memory" in decided(facts)["refused"]["up0"]


HEADROOM = {**TIGHT, "headroom": {"cpu": 0.2, "memory": 0}, "capacity": {"vcpu_overcommit": 9}}


def crowded(asleep: int = 0, other: float = 1.0) -> dict[str, Any]:
    """Return a host of ten CPUs whose VMs keep nine busy, and one whose VM keeps `other` busy."""
    facts = cluster(0.0, asleep=asleep, up=2)
    facts["domains"] = [domain(f"vm{n}", "up0", 100, 4, 3.0) for n in range(3)]
    facts["domains"].append(domain("other", "up1", 100, 10, other))
    return facts


def test_a_host_that_gives_out_too_much_cpu_is_relieved() -> None:
    """The sum of both is far from the threshold; one VM goes to the other host, nobody is woken."""
    found = decide(crowded(asleep=1), {**HEADROOM, "power": {"wake_above": 1.0}}, now=NOW)
    assert (found["action"], found["hosts"], found["then"]) == ("relieve", ["up0"], "repair")
    assert found["why"] == ["up0 gives out 9.0 CPUs, more than the 8 that it may."]


def test_full_hosts_keep_nobody_from_sleeping() -> None:
    """The plan that empties a host relieves the full one as well."""
    facts = crowded()
    facts["hosts"] += [host(f"more{n}", vcpus=10, power=READY) for n in range(2)]
    facts["domains"].append(domain("tiny", "more0", 100, 1, 0.1))
    power = {"wake_above": 1.0, "sleep_below": 0.8, "off_at_once": 1, "sleep_evidence_s": 0}
    problem = read_problem(facts, {**HEADROOM, "power": power}, {"goal": "repair", "now": NOW})
    found = decide_on(problem, parse_power({"power": power}))
    assert (found.action, found.then) == ("sleep", "sleep")
    assert found.plan is not None
    assert (
        problem.room.excess(problem.snapshot.placement)
        > 0
        == problem.room.excess(found.plan.placement)
    )


def test_where_nobody_has_room_a_host_is_woken_to_relieve_another() -> None:
    """The other host has no room for a VM that keeps three busy."""
    found = decide(crowded(2, other=6.0), {**HEADROOM, "power": {"wake_above": 1.0}}, now=NOW)
    assert (found["action"], found["hosts"], found["then"]) == ("wake", ["zz0"], "repair")
    assert found["why"][-1] == "The other hosts that are on do not have that room."


def test_what_nothing_relieves_wakes_nobody() -> None:
    """A VM that alone keeps more busy than its host may give out is as well off where it is."""
    facts = crowded(asleep=2)
    facts["domains"] = [domain("huge", "up0", 100, 10, 9.0)]
    found = decide(facts, {**HEADROOM, "power": {"wake_above": 1.0}}, now=NOW)
    assert found["action"] == "none"


def test_trusted_and_long_sleeping_hosts_are_woken_first() -> None:
    """A doubtful one last, and of equals the one that has slept longest in all."""
    facts = cluster(26.0, asleep=3)
    facts["hosts"][3]["power"] = {**READY, "doubtful": {"since": NOW, "reason": "x"}}
    facts["hosts"][5]["power"] = {**READY, "off_s": 100}
    assert decided(facts, wake_above=0.86, sleep_below=0.5)["hosts"] == ["zz2"]


def test_hosts_that_draw_most_and_slept_least_go_first() -> None:
    """Watts first, then wear."""
    facts = cluster(1.0)
    facts["hosts"][0]["power"] = {**READY, "times_off": 3}
    assert decided(facts)["hosts"] == ["up1"]
    facts["hosts"][0]["power"]["idle_w"] = 200
    assert decided(facts)["hosts"] == ["up0"]


def test_a_failed_migration_keeps_all_on() -> None:
    """Within cooldown.after_failure_s."""
    facts = cluster(1.0)
    facts["domains"][0]["last_migration"] = {"at": at(10), "failed": True}
    assert "The last migration of vm0 failed" in decided(facts)["why"][0]


def test_the_night_needs_no_evidence_and_ends_in_time() -> None:
    """At 23:00 all that can sleep do; in the morning those of the night are woken, no others."""
    found = decided(cluster(1.0), nightly=True, looks=[], **NIGHT)
    assert (found["action"], found["hosts"], found["reason"]) == ("sleep", ["up0", "up1"], "night")
    facts = cluster(1.0, asleep=2)
    facts["hosts"][3]["power"] = {**READY, "reason": "night"}
    early = decided(facts, nightly=True, now="2026-11-25T05:42:29+01:00", **NIGHT)
    assert early["action"] == "none"
    woken = decided(facts, nightly=True, now="2026-11-25T05:42:31+01:00", **NIGHT)
    assert (woken["action"], woken["hosts"]) == ("wake", ["zz0"])
    again = decided(cluster(1.0), nightly=True, now="2026-11-25T08:00:00+01:00", **NIGHT)
    assert again["why"] == ["The next night begins on Wed 2026-11-25 22:00."]


def test_thresholds_that_contradict_each_other_are_refused() -> None:
    """And a night without windows."""
    with pytest.raises(InputError, match="must be less than wake_above"):
        decided(cluster(1.0), sleep_below=0.85)
    with pytest.raises(InputError, match="nightly needs the windows"):
        decided(cluster(1.0), nightly=True)


def test_a_demand_wakes_as_many_as_it_needs_and_puts_none_to_sleep() -> None:
    """All that VMs take is multiplied; the load itself needs nobody."""
    facts = cluster(10.0, asleep=3)
    found = decide(facts, {**TIGHT, "power": {}}, now=NOW, demand=2.6)
    assert (found["action"], found["hosts"]) == ("wake", ["zz0", "zz1"])
    enough = decide(facts, {**TIGHT, "power": {}}, now=NOW, demand=1.0)
    assert (enough["action"], enough["why"]) == ("none", ["The hosts that are on are enough."])


def test_single_values_replace_those_of_a_preset() -> None:
    """Others stay as the preset has them."""
    power = parse_power({"power": {"preset": 5, "min_on_s": 60, "services": {"x": ["y"]}}})
    assert (power.wake_above, power.min_on_s, power.services) == (0.90, 60, {"x": ["y"]})


def remembering(facts: dict[str, Any], busy: float) -> dict[str, Any]:
    """Return facts whose hosts remember that each VM kept this many CPUs busy."""
    for number, entry in enumerate(facts["domains"]):
        entry["uuid"] = f"u{number}"
        past = {
            "age_s": [600.0],
            "span_s": [600.0],
            "domains": {entry["uuid"]: {"cpu_usage": [busy]}},
        }
        facts["hosts"][number]["history"] = past
    return facts


@pytest.mark.parametrize(("before", "action"), [(4.0, "sleep"), (9.0, "none")])
def test_hosts_sleep_by_the_load_that_plans_are_made_for(before: float, action: str) -> None:
    """As the plan that empties them: two VMs that took 9 CPUs each are not put onto a host of 10. What is remembered of
    the look is the load now."""
    policy = {**TIGHT, "load": {"window": "24h", "percentile": 95}}
    facts = remembering(cluster(6.0), before)
    found = decide(facts, policy, now=NOW, looks=looks(50, 40, 30, 20, 10))
    assert (found["action"], found["look"]["cpu_usage"]) == (action, 6.0)


def test_the_peak_of_yesterday_wakes_nobody() -> None:
    """Waking looks at the load now, whatever time plans are made for, and whatever monitoring knows."""
    facts = remembering(cluster(6.0, asleep=1), 9.9)
    for entry in facts["domains"]:
        entry["load"] = {"window_s": 86400, "percentile": 95, "cpu_usage": 9.9}
    policy = {**TIGHT, "load": {"window": "24h", "percentile": 95}}
    found = decide(facts, policy, now=NOW, looks=looks(50, 40, 30, 20, 10))
    assert (found["action"], found["look"]["cpu_usage"]) == ("none", 6.0)
