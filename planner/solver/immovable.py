# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VMs that cannot leave the hosts to be emptied, whatever else moves; all of them are named at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..errors import Immovable
from ..problem.problem import Problem


def refuse_immovable(problem: Problem, unplaced: Iterable[tuple[str, ...]]) -> None:
    """Refuse to empty hosts that VMs cannot leave.

    Parameters
    ----------
    unplaced
        VMs that move together, with no host to go to.

    Raises
    ------
    Immovable
        A sentence for every reason, with all VMs that have it, in the order of names.
    """
    found = [*_staying(problem), *(_nowhere(problem, members) for members in unplaced)]
    if found:
        raise Immovable(" ".join(_sentences(found)))


Held = tuple[str, str, str]
"""A VM (with others, if those go with it), its host, and why it cannot leave."""


def _sentences(found: Iterable[Held]) -> Iterator[str]:
    together: dict[tuple[str, str], list[str]] = {}
    for name, host, reason in sorted(found):
        together.setdefault((host, reason), []).append(name)
    for (host, reason), names in together.items():
        noun = "VM" if len(names) == 1 else "VMs"
        yield f"{noun} {', '.join(names)} cannot leave {host}{reason}."


def _staying(problem: Problem) -> Iterator[Held]:
    """Yield the VMs that cannot move at all."""
    snapshot = problem.snapshot
    for name, host in snapshot.placement.items():
        must_leave = host in problem.goal.must_leave and name not in snapshot.incoming
        if must_leave and (reason := problem.ways.stays(name)):
            yield name, host, f": {reason}"


def _nowhere(problem: Problem, members: tuple[str, ...]) -> Held:
    """Return a VM without any destination, and each host's reason (the first few)."""
    name = members[0]
    source = problem.snapshot.placement[name]
    shown = name if len(members) == 1 else f"{name} (kept together with {', '.join(members[1:])})"
    others = [host for host in problem.snapshot.hosts if host != source]
    if not others:
        return shown, source, ", because there is no other host"
    said = [next(_refusals(problem, members, host)) for host in others]
    reasons = "; ".join(said[:4]) + (f"; and {len(said) - 4} more hosts" if len(said) > 4 else "")
    return shown, source, f", because no other host may run it: {reasons}"


def _refusals(problem: Problem, members: Iterable[str], host: str) -> Iterator[str]:
    """Yield why VMs that move together may not go to a host; of others than the first, with their names."""
    for number, name in enumerate(members):
        if reason := problem.ways.refusal(name, host):
            yield f"{name} may not go to {host}: {reason}" if number else reason
