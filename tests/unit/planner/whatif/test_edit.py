# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts changed by hand: hosts and VMs added, removed and grown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planner.errors import InputError, UnknownDomain, UnknownHost
from planner.whatif.edit import add_domain, add_host, grow, remove_domain, remove_host
from tests.unit.planner.builders import Facts, cluster, host

FACTS: Facts = cluster(a={"x": 400}, b={})
REPAIR = {"goal": "repair"}


def test_a_new_host_can_run_what_the_first_one_can() -> None:
    """But has no name, address, load or power of it."""
    first = host("a", bridges=["br0"], cpu={"arch": "x86_64"}, maintenance=True, uri="x")
    facts = {"hosts": [first], "domains": []}
    found = add_host(facts, "new", 8, 2000)
    assert found["hosts"][1] == {
        "name": "new",
        "vcpus": 8,
        "memory_mib": 2000,
        "bridges": ["br0"],
        "cpu": {"arch": "x86_64"},
    }
    assert facts["hosts"] == [first]


def test_a_new_vm_is_half_busy() -> None:
    """Nobody knows; half is what a prudent guess is."""
    found = add_domain(FACTS, "y", "b", 4, 100)
    assert found["domains"][-1] == {
        "name": "y",
        "host": "b",
        "vcpus": 4,
        "memory_mib": 100,
        "cpu_usage": 2.0,
    }
    assert len(FACTS["domains"]) == 1


def test_what_is_removed_is_gone() -> None:
    """And nothing else."""
    assert remove_domain(FACTS, "x") == {**FACTS, "domains": []}
    assert [entry["name"] for entry in remove_host(FACTS, "b")["hosts"]] == ["a"]


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("a", "hosts", {"vcpus": 8, "memory_mib": 50}),
        ("x", "domains", {"vcpus": 8, "memory_mib": 50, "cpu_usage": 4.0}),
    ],
)
def test_what_grows_keeps_its_load_per_vcpu(name: str, key: str, expected: dict[str, Any]) -> None:
    """0.5 of 1 vCPU is 4 of 8; of a VM without vCPUs nothing is known."""
    busy = {**FACTS, "domains": [{**FACTS["domains"][0], "cpu_usage": 0.5}]}
    [grown] = [entry for entry in grow(busy, name, 8, 50)[key] if entry["name"] == name]
    assert {field: grown[field] for field in expected} == expected
    idle = {**FACTS, "domains": [{**FACTS["domains"][0], "vcpus": 0, "cpu_usage": 0.0}]}
    assert grow(idle, "x", 8, 50)["domains"][0]["cpu_usage"] == 0.0


@pytest.mark.parametrize(
    ("edit", "error", "sentence"),
    [
        (
            lambda: add_host(FACTS, "a", 1, 1),
            InputError,
            "There is a host a already; choose another name.",
        ),
        (
            lambda: remove_host(FACTS, "a"),
            InputError,
            "Host a still holds x; fail it, or evacuate it first.",
        ),
        (lambda: remove_host(FACTS, "c"), UnknownHost, "There is no host c; check the name."),
        (
            lambda: add_domain(FACTS, "x", "a", 1, 1),
            InputError,
            "There is a VM x already; choose another name.",
        ),
        (
            lambda: add_domain(FACTS, "y", "c", 1, 1),
            UnknownHost,
            "There is no host c; check the name.",
        ),
        (lambda: remove_domain(FACTS, "y"), UnknownDomain, "There is no VM y; check the name."),
        (
            lambda: grow(FACTS, "y", 1, 1),
            InputError,
            "There is neither a host nor a VM y; check the name.",
        ),
    ],
)
def test_every_refusal(edit: Callable[[], object], error: type[InputError], sentence: str) -> None:
    """With what to do instead."""
    with pytest.raises(error) as caught:
        edit()
    assert caught.value.message == sentence
