# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps by number instead of by name, with what hosts carry: the form in which they are timed and bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ..cluster.resources import RESOURCE_NAMES
from .step import Step

RESOURCES = range(len(RESOURCE_NAMES))


@dataclass(frozen=True)
class IndexedSteps:
    """Steps, and the hosts that they share.

    Attributes
    ----------
    number
        Of a host, by its name.
    source, destination
        Per step the number of a host.
    loads, caps
        Per host what it carries before the first step, and the most that it may carry.
    per_host, cluster
        How many steps a host takes part in at a time, and how many there are at a time.
    follows
        Steps that another one must have ended before, as its second half: the VM is parked between them.
    """

    number: Mapping[str, int]
    steps: tuple[Step, ...]
    source: tuple[int, ...]
    destination: tuple[int, ...]
    loads: tuple[tuple[float, ...], ...]
    caps: tuple[tuple[float, ...], ...]
    per_host: int
    cluster: int
    follows: Mapping[int, int]

    @classmethod
    def of(
        cls,
        steps: Sequence[Step],
        loads: Mapping[str, Sequence[float]],
        caps: Mapping[str, Sequence[float]],
        per_host: int,
        cluster: int,
    ) -> IndexedSteps:
        """Number steps and hosts."""
        return cls(
            number={name: index for index, name in enumerate(loads)},
            steps=(),
            source=(),
            destination=(),
            loads=tuple(tuple(load) for load in loads.values()),
            caps=tuple(tuple(caps[name]) for name in loads),
            per_host=per_host,
            cluster=cluster,
            follows={},
        ).with_steps(steps)

    def with_steps(self, steps: Sequence[Step]) -> IndexedSteps:
        """Return other steps of the same hosts; of the two halves of a way, the first stands before the second."""
        latest: dict[str, int] = {}
        follows: dict[int, int] = {}
        for index, step in enumerate(steps):
            if step.domain in latest:
                follows[index] = latest[step.domain]
            latest[step.domain] = index
        return replace(
            self,
            steps=tuple(steps),
            source=tuple(self.number[step.source] for step in steps),
            destination=tuple(self.number[step.destination] for step in steps),
            follows=follows,
        )

    @cached_property
    def durations(self) -> list[int]:
        """In ms."""
        return [step.duration_ms for step in self.steps]

    @cached_property
    def departures(self) -> list[list[int]]:
        """Steps by the host that they leave."""
        return self._by_host(self.source)

    @cached_property
    def arrivals(self) -> list[list[int]]:
        """Steps by the host that they go to."""
        return self._by_host(self.destination)

    def _by_host(self, hosts: Sequence[int]) -> list[list[int]]:
        found: list[list[int]] = [[] for _load in self.loads]
        for number, host in enumerate(hosts):
            found[host].append(number)
        return found

    @cached_property
    def backwards(self) -> IndexedSteps:
        """The same steps as if time ran backwards: from what is at the end to what is at the beginning.

        A VM that moves is counted at both ends, from its start to its finish, so every order of these steps is an
        order of those, read from its end.
        """
        loads = [list(load) for load in self.loads]
        for step, source, destination in zip(
            self.steps, self.source, self.destination, strict=True
        ):
            for resource in RESOURCES:
                loads[source][resource] -= step.demand[resource]
                loads[destination][resource] += step.demand[resource]
        return replace(
            self,
            steps=tuple(
                replace(step, source=step.destination, destination=step.source)
                for step in self.steps
            ),
            source=self.destination,
            destination=self.source,
            loads=tuple(tuple(load) for load in loads),
            follows={first: second for second, first in self.follows.items()},
        )
