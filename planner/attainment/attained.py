# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to say of a goal at the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Lack:
    """One VM that is not as the goal needs it.

    Attributes
    ----------
    host
        Where it is; empty where that is not known, and for a VM that no host has.
    state
        In libvirt's words, or ``gone``, or ``unknown``.
    planned
        Whether the plan had a step for it.
    movable
        Whether another plan may do better: not for a VM that is off or gone.
    """

    domain: str
    uuid: str
    host: str
    state: str
    planned: bool
    movable: bool = True


@dataclass(frozen=True, kw_only=True)
class Attained:
    """Whether what was asked for holds.

    Attributes
    ----------
    message
        One sentence of what does not hold; empty where all does.
    lacks
        The VMs that are not as they have to be.
    silent
        Hosts that could not be looked at although the goal is about them.
    worth_another_plan
        Whether a plan made now may bring what is missing: it is missing because the cluster has changed meanwhile, and
        not because a migration failed or had no time.
    """

    message: str = ""
    lacks: tuple[Lack, ...] = ()
    silent: tuple[str, ...] = ()
    worth_another_plan: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing is missing."""
        return not self.message

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "holds": self.holds,
            "message": self.message,
            "lacks": [asdict(lack) for lack in self.lacks],
            "silent": list(self.silent),
        }
