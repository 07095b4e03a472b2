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
    others = [host for host in problem.snapshot.hosts if host != source]
    said = [reason for host in others if (reason := problem.ways.refusal(name, host))]
    shown = name if len(members) == 1 else f"{name} (kept together with {', '.join(members[1:])})"
    if not said:
        return shown, source, ": no host may take all of them; relax their affinity"
    reasons = "; ".join(said[:4]) + (f"; and {len(said) - 4} more hosts" if len(said) > 4 else "")
    return shown, source, f", because no other host may run it: {reasons}"
