# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small clusters in a few words, for tests."""

from __future__ import annotations

from typing import Any

from planner.pipeline import read_problem
from planner.problem.problem import Problem

Facts = dict[str, Any]

TIGHT: dict[str, Any] = {
    "capacity": {"vcpu_overcommit": 1.0, "memory_overcommit": 1.0},
    "headroom": {"cpu": 0, "memory": 0},
}
"""A policy without overcommit and without headroom: limits are what the host has."""


def host(name: str, memory_mib: int = 1000, vcpus: int = 16, **more: Any) -> dict[str, Any]:
    """Return the facts of a host."""
    return {"name": name, "vcpus": vcpus, "memory_mib": memory_mib, **more}


def domain(
    name: str, on: str, memory_mib: int = 100, vcpus: int = 1, cpu_usage: float = 0.0, **more: Any
) -> dict[str, Any]:
    """Return the facts of a VM."""
    return {
        "name": name,
        "host": on,
        "vcpus": vcpus,
        "memory_mib": memory_mib,
        "cpu_usage": cpu_usage,
        **more,
    }


def cluster(**vms: dict[str, int]) -> Facts:
    """Return facts of hosts of 1000 MiB: ``cluster(a={"web": 400}, b={})``."""
    return {
        "hosts": [host(name) for name in vms],
        "domains": [
            domain(vm, name, memory) for name, held in vms.items() for vm, memory in held.items()
        ],
    }


def evacuation(*hosts: str) -> dict[str, Any]:
    """Return the goal to empty hosts."""
    return {"goal": "evacuate", "hosts": list(hosts)}


def rule(kind: str, domains: list[str] | str, **more: Any) -> dict[str, Any]:
    """Return a rule of a policy document."""
    return {"type": kind, "name": kind, "domains": domains, **more}


def problem(facts: Facts, goal: dict[str, Any], policy: dict[str, Any] | None = None) -> Problem:
    """Return the problem that three documents describe."""
    return read_problem(facts, TIGHT if policy is None else policy, goal)


def policy(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a policy without headroom, with these rules."""
    return {**TIGHT, "rules": list(rules), **more}
