# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands ``drover what-if`` and ``drover capacity``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..cluster.resources import Resources
from ..errors import InputError
from ..problem.problem import Problem
from ..report.table import render_table
from ..visible import text_of
from ..whatif import edit
from ..whatif.failure import fail
from ..whatif.room import room_for

Reader = Callable[[argparse.Namespace], tuple[Any, Any]]
Poser = Callable[[Any, Any], Problem]


def add_edits(parser: argparse.ArgumentParser) -> None:
    """Add the options that change the facts."""
    parser.add_argument(
        "--add-host", action="append", default=[], metavar="NAME:VCPUS:MIB", help="add a host"
    )
    parser.add_argument(
        "--remove-host",
        action="append",
        default=[],
        metavar="H",
        help="remove an empty host",
    )
    parser.add_argument(
        "--add-vm", action="append", default=[], metavar="NAME:HOST:VCPUS:MIB", help="add a VM"
    )
    parser.add_argument("--remove-vm", action="append", default=[], metavar="D", help="remove a VM")
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


def state_of(problem: Problem, failed: list[str]) -> dict[str, Any]:
    """Return the state of a cluster: its hosts, what is above its limit or broken, and what a failure would do.

    Returns
    -------
    dict
        ``hosts``: per host ``name``, ``domains`` (a number), and what its VMs take of ``limits``; ``violations``:
        sentences; ``failure``, where hosts are to fail: ``hosts``, ``sentence``, ``restarted`` (VM to host) and
        ``unplaced``.
    """
    found: dict[str, Any] = {
        "hosts": [
            {
                "name": name,
                "domains": len(problem.snapshot.domains_on(name)),
                **load._asdict(),
                "limits": problem.room.limits[name]._asdict(),
            }
            for name, load in problem.room.loads.items()
        ],
        "violations": list(_violations(problem)),
    }
    if failed:
        failure = fail(problem, failed)
        found["failure"] = {
            "hosts": list(failure.hosts),
            "sentence": failure.sentence(),
            "restarted": dict(failure.restarted),
            "unplaced": list(failure.unplaced),
        }
    return found


def _violations(problem: Problem) -> Iterable[str]:
    now = problem.snapshot.placement
    yield from (v.sentence for v in problem.policies.capacity.violations(problem.snapshot, now))
    for rule in problem.policies.rules:
        yield from (violation.sentence for violation in rule.violations(problem.snapshot, now))


def told(state: Mapping[str, Any]) -> str:
    """Return the state of a cluster as text."""
    rows = [
        (
            host["name"],
            host["domains"],
            f"{int(host['memory_mib'])} of {int(host['limits']['memory_mib'])} MiB",
            f"{int(host['vcpus'])} of {host['limits']['vcpus']:g}",
            f"{host['cpu_usage']:.1f} of {host['limits']['cpu_usage']:g}",
        )
        for host in state["hosts"]
    ]
    lines = render_table(("host", "VMs", "memory", "vCPUs", "busy"), rows, indent="")
    lines += state["violations"]
    if failure := state.get("failure"):
        restarted = failure["restarted"].items()
        lines += ["", failure["sentence"], *(f"  {vm} on {host}" for vm, host in restarted)]
    return text_of(lines) + "\n"


def room_of(problem: Problem, shape: Resources, spare: int | None) -> dict[str, Any]:
    """Return how many more VMs of a shape fit.

    Returns
    -------
    dict
        ``shape``, ``total``, ``hosts`` (per host ``name``, ``fit`` and what is ``short_first``), ``spare`` (hosts that
        may fail) and ``with_spare`` (how many of all then fit; ``None`` where none may).
    """
    room = room_for(problem, shape, spare)
    return {
        "shape": shape._asdict(),
        "total": room.total,
        "hosts": [
            {"name": name, "fit": count, "short_first": room.bottleneck[name]}
            for name, count in room.per_host.items()
        ],
        "spare": room.spare,
        "with_spare": room.with_spare,
    }


def told_room(room: Mapping[str, Any]) -> str:
    """Return as text how many more VMs of a shape fit."""
    rows = [(host["name"], host["fit"], host["short_first"]) for host in room["hosts"]]
    size = f"{room['shape']['vcpus']:g} vCPUs and {room['shape']['memory_mib']:g} MiB"
    lines = [f"{room['total']} more VMs of {size} fit without moving any other."]
    if room["with_spare"] is not None:
        lines.append(
            f"{room['with_spare']} of them so that any {room['spare']} of the hosts may still fail."
        )
    table = render_table(("host", "fit", "short first of"), rows, indent="  ")
    return text_of([*lines, "", *table]) + "\n"
