# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the VMs of hosts that fail: where each would be started again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import UnknownHost
from ..policy.spare_hosts import repack
from ..problem.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The outcome of a simulated failure.

    Attributes
    ----------
    restarted
        VM to the host that it would be started on.
    unplaced
        VMs without a place.
    """

    hosts: tuple[str, ...]
    restarted: Mapping[str, str]
    unplaced: tuple[str, ...]

    def sentence(self) -> str:
        """Say it in a sentence."""
        names = " and ".join(self.hosts)
        if not self.unplaced:
            return f"If {names} failed, all {len(self.restarted)} VMs could be started on the other hosts."
        shown = ", ".join(self.unplaced[:5]) + (
            f" and {len(self.unplaced) - 5} more" if len(self.unplaced) > 5 else ""
        )
        return (
            f"If {names} failed, {len(self.restarted)} VMs could be started elsewhere, and there would be no place "
            f"for {len(self.unplaced)}: {shown}."
        )


def fail(problem: Problem, hosts: Sequence[str]) -> Failure:
    """Simulate the failure of hosts at once.

    Raises
    ------
    UnknownHost
        One of them is not a host of the cluster.
    """
    for name in hosts:
        if name not in problem.snapshot.hosts:
            raise UnknownHost(
                f"There is no host {name}; the hosts are: {', '.join(problem.snapshot.hosts)}."
            )
    limits = problem.room.failover_limits
    places, unplaced = repack(
        problem.snapshot,
        problem.snapshot.placement,
        tuple(hosts),
        limits,
        problem.ways.eligibility.can_run,
    )
    return Failure(hosts=tuple(sorted(hosts)), restarted=places, unplaced=tuple(unplaced))
