# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instruments of the benchmarks: generator, judge, bounds, and what peers are given to read."""

from __future__ import annotations

import copy
import json
import statistics
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.importers.ganeti import from_ganeti
from planner.importers.source import Source
from planner.pipeline import make_plan
from tests.benchmarks import ganeti
from tests.benchmarks.cases import FOLDER, cases
from tests.benchmarks.evaluate import (
    deviation_bounds,
    evaluate,
    faults,
    here,
    host_bound,
    moves_bound,
)
from tests.benchmarks.instances import POLICY, resampled, synthetic
from tests.unit.planner.builders import domain, evacuation, host

SMALL = {
    "hosts": [host("a", 1000, 10), host("b", 1000, 10), host("c", 1000, 10)],
    "domains": [domain("x", "a", 400, 2), domain("y", "a", 200, 2), domain("z", "b", 500, 8)],
}


@pytest.mark.parametrize("first_fit", [True, False])
def test_the_generator_makes_clusters_that_hold(first_fit: bool) -> None:
    """A seed always gives the same cluster, of the wanted size, in which no host is over its limits."""
    facts = synthetic(20, 200, seed=3, first_fit=first_fit)
    assert facts == synthetic(20, 200, seed=3, first_fit=first_fit)
    assert facts != synthetic(20, 200, seed=4, first_fit=first_fit)
    assert (len(facts["hosts"]), len(facts["domains"])) == (20, 200)
    quality = evaluate(facts, here(facts))
    assert max(quality.memory_max, quality.vcpus_max) <= 100


def test_the_generator_refuses_what_does_not_fit() -> None:
    """More VMs than there is room for are an error, not an endless loop."""
    with pytest.raises(ValueError, match="ask for no more than that"):
        synthetic(2, 10_000, seed=1, first_fit=True)


def test_the_judge_counts() -> None:
    """Hosts in use, moves, memory, the fullest host and the deviation, against figures counted by hand."""
    quality = evaluate(SMALL, {"x": "c", "y": "a", "z": "b"})
    assert (quality.used, quality.moves, round(quality.moved_gib * 1024)) == (3, 1, 400)
    assert (quality.memory_max, quality.vcpus_max, quality.over) == (50, 80, 0)
    assert quality.memory_sd == pytest.approx(12.4722, abs=1e-4)  # of 20, 50 and 40 per cent


def test_the_judge_leaves_emptied_hosts_out() -> None:
    """After an evacuation, deviation is about the hosts that take part."""
    assert evaluate(SMALL, {"x": "c", "y": "b"}, emptied=["a"]).memory_sd == pytest.approx(15)


def test_the_judge_sees_overfull_hosts() -> None:
    """A peer that fills a host beyond its vCPUs is found out."""
    assert evaluate(SMALL, {"x": "b", "y": "b"}).over == 1


def test_bounds() -> None:
    """1100 MiB need two hosts; at least no VM moves if the empty one is emptied, one if only one stayed."""
    assert host_bound(SMALL) == 2
    assert (moves_bound(SMALL, 2), moves_bound(SMALL, 1)) == (0, 1)


def test_a_large_vm_keeps_hosts_uneven() -> None:
    """80, 20 and 20 of 100 stay apart; 40, 20, 20, 20 and 20 of 100 on three hosts could be even, were they sand."""
    hosts = [{"name": name, "memory_mib": 100, "vcpus": 100} for name in "abc"]

    def bound(*sizes: int) -> float:
        domains = [{"host": "a", "memory_mib": size, "vcpus": 1} for size in sizes]
        return deviation_bounds({"hosts": hosts, "domains": domains})[0]

    assert bound(80, 20, 20) == statistics.pstdev([80, 20, 20])
    assert bound(40, 20, 20, 20, 20) == 0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_no_placement_is_more_even_than_its_bound(sizes: list[int]) -> None:
    """Of all placements of up to six VMs on three hosts, tried one by one, none goes below the bound."""
    hosts = [{"name": name, "memory_mib": 100, "vcpus": 100} for name in "abc"]
    domains = [{"host": "a", "memory_mib": size, "vcpus": 1} for size in sizes]
    loads = (
        [sum(s for s, h in zip(sizes, where, strict=True) if h == host) for host in range(3)]
        for where in product(range(3), repeat=len(sizes))
    )
    least = min(map(statistics.pstdev, loads))
    assert deviation_bounds({"hosts": hosts, "domains": domains})[0] <= least + 1e-9


@pytest.fixture
def plan() -> dict[str, Any]:
    """Return a right plan: x and y leave a."""
    return make_plan(SMALL, POLICY, evacuation("a"))


def test_the_judge_accepts_a_right_plan(plan: dict[str, Any]) -> None:
    """The planner's plan replays without a fault."""
    assert list(faults(SMALL, plan)) == []


def test_the_judge_finds_faults(plan: dict[str, Any]) -> None:
    """A wrong source, a host over its limit, too many at once and a false end are all told."""
    for change, words in (
        ({"source": "b"}, "is not on b"),
        ({"destination": "b", "memory_mib": 1}, "the steps do not lead to the placement"),
    ):
        broken = copy.deepcopy(plan)
        broken["steps"][0].update(change)
        assert any(words in fault for fault in faults(SMALL, broken)), words
    tight = copy.deepcopy(SMALL)
    tight["domains"][2]["memory_mib"] = tight["hosts"][2]["memory_mib"] = 900
    tight["hosts"][2]["memory_mib"] = 399
    assert any("is over its limit" in fault for fault in faults(tight, plan))
    greedy = copy.deepcopy(plan)
    greedy["limits"]["per_host"] = 1
    for step in greedy["steps"]:
        step["start_s"] = 0.0
    assert any("too many migrations" in fault for fault in faults(SMALL, greedy))


def test_ganeti_reads_the_same_cluster() -> None:
    """What hbal is given is the cluster that Drover is given."""
    facts = synthetic(20, 50, seed=1, first_fit=True)
    again = from_ganeti(Source("cluster.data", ganeti.state(facts))).facts
    assert here(again) == here(facts)
    assert [(h["name"], h["vcpus"], h["memory_mib"]) for h in again["hosts"]] == [
        (h["name"], h["vcpus"], h["memory_mib"]) for h in facts["hosts"]
    ]


def test_resampled_clusters_have_the_sizes_of_the_file(tmp_path: Path) -> None:
    """A larger cluster has VMs of the sizes in the file and no others, about as often."""
    vms = [{"name": f"v{n}", "node": "n", "cpu": 1, "mem": 1024, "cpu_usage": 0} for n in range(9)]
    vms.append({"name": "big", "node": "n", "cpu": 4, "mem": 8192, "cpu_usage": 0})
    instance = {"name": "t", "nodes": [{"name": "n", "cpu": 99, "mem": 99_999}], "vms": vms}
    (tmp_path / "t_ff.json").write_text(json.dumps(instance))
    facts = resampled(tmp_path / "t_ff.json", 20, 300, seed=1, first_fit=True)
    sizes = Counter((domain["vcpus"], domain["memory_mib"]) for domain in facts["domains"])
    assert set(sizes) == {(1, 1024), (4, 8192)}
    assert sizes[1, 1024] > 4 * sizes[4, 8192]
    assert facts == resampled(tmp_path / "t_ff.json", 20, 300, seed=1, first_fit=True)


def test_instance_files_become_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the folder in DROVER_INSTANCES are cases of their own, by the kind in their names."""
    instance = {"name": "t", "nodes": [{"name": "n", "cpu": 4, "mem": 8192}], "vms": []}
    (tmp_path / "tiny_wf.json").write_text(json.dumps(instance))
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert [case.goal for case in cases() if case.cluster == "tiny_wf"] == [
        "consolidate",
        "evacuate",
        "balance",
    ]
