# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands ``drover what-if`` and ``drover capacity``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..cluster.resources import Resources
from ..errors import InputError
from ..problem import Problem
from ..report.table import render_table
from . import edit
from .failure import fail
from .room import room_for

Reader = Callable[[argparse.Namespace], tuple[Any, Any]]
Poser = Callable[[Any, Any], Problem]


def add_edits(parser: argparse.ArgumentParser) -> None:
    """Add the options that change the facts."""
    parser.add_argument(
        "--add-host", action="append", default=[], metavar="NAME:VCPUS:MIB", help="one more host"
    )
    parser.add_argument(
        "--remove-host",
        action="append",
        default=[],
        metavar="H",
        help="a host less, which is empty",
    )
    parser.add_argument(
        "--add-vm", action="append", default=[], metavar="NAME:HOST:VCPUS:MIB", help="one more VM"
    )
    parser.add_argument("--remove-vm", action="append", default=[], metavar="D", help="a VM less")
    parser.add_argument(
        "--grow", action="append", default=[], metavar="NAME:VCPUS:MIB", help="another size"
    )
    parser.add_argument(
        "--fail", action="append", default=[], metavar="H", help="let this host fail (all at once)"
    )


def edited(facts: Any, options: argparse.Namespace) -> Any:
    """Return the facts with all the changes that the options ask for."""
    for text in options.add_host:
        name, vcpus, mib = _fields(text, 3)
        facts = edit.add_host(facts, name, _number(vcpus, text), _number(mib, text))
    for text in options.add_vm:
        name, host, vcpus, mib = _fields(text, 4)
        facts = edit.add_domain(facts, name, host, _number(vcpus, text), _number(mib, text))
    for text in options.grow:
        name, vcpus, mib = _fields(text, 3)
        facts = edit.grow(facts, name, _number(vcpus, text), _number(mib, text))
    for name in options.remove_vm:
        facts = edit.remove_domain(facts, name)
    for name in options.remove_host:
        facts = edit.remove_host(facts, name)
    return facts


def _fields(text: str, number: int) -> list[str]:
    parts = text.split(":")
    if len(parts) != number or not all(parts):
        raise InputError(f"{text!r} needs {number} parts with colons between them.")
    return parts


def _number(text: str, whole: str) -> int:
    if not text.isdigit() or not int(text):
        raise InputError(f"{text!r} in {whole!r} is not a number above 0.")
    return int(text)


def told(problem: Problem, failed: list[str]) -> str:
    """Return the state of a cluster as text: the hosts, what is above its limit, and what a failure would do."""
    rows = [
        (
            name,
            len(problem.snapshot.domains_on(name)),
            f"{int(load.memory_mib)} of {int(problem.limits[name].memory_mib)} MiB",
            f"{int(load.vcpus)} of {problem.limits[name].vcpus:g}",
            f"{load.cpu_usage:.1f} of {problem.limits[name].cpu_usage:g}",
        )
        for name, load in problem.loads.items()
    ]
    lines = render_table(("host", "VMs", "memory", "vCPUs", "busy"), rows, indent="")
    lines += [
        v.sentence
        for v in problem.policies.capacity.violations(problem.snapshot, problem.snapshot.placement)
    ]
    for rule in problem.policies.rules:
        lines += [
            violation.sentence
            for violation in rule.violations(problem.snapshot, problem.snapshot.placement)
        ]
    if failed:
        outcome = fail(problem, failed)
        lines += [
            "",
            outcome.sentence(),
            *(f"  {vm} on {host}" for vm, host in outcome.restarted.items()),
        ]
    return "\n".join(lines) + "\n"


def told_room(problem: Problem, shape: Resources, spare: int | None) -> str:
    """Return as text how many more VMs of a shape fit."""
    room = room_for(problem, shape, spare)
    rows = [(name, count, room.bottleneck[name]) for name, count in room.per_host.items()]
    size = f"{shape.vcpus:g} vCPUs and {shape.memory_mib:g} MiB"
    lines = [f"{room.total} more VMs of {size} fit without moving any other."]
    if room.with_spare is not None:
        lines.append(
            f"{room.with_spare} of them so that any {room.spare} of the hosts may still fail."
        )
    return (
        "\n".join([*lines, "", *render_table(("host", "fit", "short first of"), rows, indent="  ")])
        + "\n"
    )
