# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying hosts of clusters that are nearly full: proved at any size, and refused only with a proof."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import Infeasible
from planner.pipeline import make_plan
from planner.solver.evacuating import evacuate
from planner.solver.milp.model import EXACT_COLUMNS
from tests.benchmarks.instances import tight
from tests.unit.planner.builders import TIGHT, Facts, domain, evacuation, host, rule


@pytest.mark.parametrize(("hosts", "full", "seed"), [(20, 0.97, 1), (20, 0.99, 2), (40, 0.97, 3)])
def test_it_is_proved_without_the_model_of_single_vms(
    hosts: int, full: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other VMs have to make room; counting VMs of one size proves how many."""

    def too_slow(*_arguments: Any, **_more: Any) -> None:
        raise AssertionError("the model of single VMs takes twenty seconds here")

    monkeypatch.setattr(evacuate, "solve_among", too_slow)
    facts = tight(hosts, full, seed=seed)
    plan = make_plan(facts, TIGHT, evacuation("n0000"))
    leaving = sum(vm["host"] == "n0000" for vm in facts["domains"])
    assert len(plan["steps"]) > leaving
    assert plan["status"] == "optimal"


def large(second: int) -> Facts:
    """Return a cluster too large for the exact model; the VM of its first host needs 400 MiB, more than any has free.

    Parameters
    ----------
    second
        MiB of the smaller VM on each of the other hosts.
    """
    facts: Facts = {"hosts": [host(f"n{n:03d}", 1000, 64) for n in range(150)], "domains": []}
    facts["domains"].append(domain("leaver", "n000", 400))
    for number in range(1, 150):
        on = f"n{number:03d}"
        facts["domains"].append(domain(f"a{number:03d}", on, 450))
        facts["domains"].append(domain(f"b{number:03d}", on, second))
    assert len(facts["domains"]) * len(facts["hosts"]) > EXACT_COLUMNS
    return facts


def test_others_make_room_in_a_large_cluster_too() -> None:
    """A large cluster is not called full because only the VMs that leave were put into the model."""
    facts = large(350)
    facts["domains"][2]["memory_mib"] = 200
    plan = make_plan(facts, TIGHT, evacuation("n000"))
    assert [step["domain"] for step in plan["steps"]] == ["b001", "leaver"]
    assert plan["status"] == "optimal"


def test_a_large_cluster_is_refused_with_a_proof() -> None:
    """Where nothing that can be moved makes room, the refusal is certain."""
    with pytest.raises(Infeasible, match="There is no room to empty n000"):
        make_plan(large(480), TIGHT, evacuation("n000"))


def test_a_rule_that_counting_does_not_see_is_kept() -> None:
    """VMs of one size are not the same where rules keep some of them apart."""
    facts = tight(20, 0.97, seed=1)
    free = make_plan(facts, TIGHT, evacuation("n0000"))
    stay = {vm["host"]: vm["name"] for vm in facts["domains"]}
    pairs = [(step["domain"], stay[step["destination"]]) for step in free["steps"]]
    rules = [
        {**rule("anti_affinity", sorted({*pair})), "name": f"apart{number}"}
        for number, pair in enumerate(pairs)
    ]
    plan = make_plan(facts, {**TIGHT, "rules": rules}, evacuation("n0000"))
    assert all(plan["placement"][one] != plan["placement"][other] for one, other in pairs)
