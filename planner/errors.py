# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner's errors, each with one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping


class PlanningError(Exception):
    """Anything that ends planning without a plan.

    Attributes
    ----------
    message
        One sentence: what is wrong, where, and what to do about it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InputError(PlanningError):
    """A document is malformed or contradicts itself.

    Attributes
    ----------
    path
        Where in the document, such as ``facts.domains[3].host``.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class UnknownHost(InputError):
    """A host that the facts do not know."""


class UnknownDomain(InputError):
    """A VM that the facts do not know."""


class MissingLibrary(PlanningError):
    """A Python library that the planner needs is not installed."""


class Infeasible(PlanningError):
    """No plan can reach the goal under the policies."""


class Immovable(Infeasible):
    """A VM that has to move cannot be migrated anywhere."""


class PolicyConflict(Infeasible):
    """Two policies contradict each other."""


class NoOrder(Infeasible):
    """A placement exists, but no order of migrations leads to it.

    Attributes
    ----------
    pairs
        VM and destination of the migrations that block each other.
    """

    def __init__(self, message: str, pairs: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.pairs = pairs


class SpareLost(Infeasible):
    """A placement uses up room that has to be left for the VMs of hosts that fail, and no other was found.

    Attributes
    ----------
    pairs
        VM and destination of migrations that fill the hosts concerned.
    bound
        What no objective can be below, in seconds.
    """

    def __init__(
        self, message: str, pairs: tuple[tuple[str, str], ...] = (), bound: float = 0.0
    ) -> None:
        super().__init__(message)
        self.pairs = pairs
        self.bound = bound


class TooLong(Infeasible):
    """The migrations take longer than there is time.

    Attributes
    ----------
    needed_s
        What they take.
    late
        VMs that would move after their own windows have closed, with the reason.
    """

    def __init__(
        self, message: str, *, needed_s: float = 0.0, late: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.needed_s = needed_s
        self.late = late or {}


class TimeLimit(PlanningError):
    """The solver ran out of time before it found any answer."""


class PlanOutdated(PlanningError):
    """A plan does not fit the cluster, the policy or the time in which it is to be carried out."""


class PlanRejected(PlanningError):
    """The oracle found a fault in a finished plan: a bug of ours, the plan does not leave."""
