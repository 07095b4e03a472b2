# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves a VM that is shut off: its definition goes, and the mark that it starts with its host.

Its managed save image would stay behind and its memory with it, so such a VM is refused by the
prerequisites; libvirt's own offline migration would drop the memory without a word.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._ends.account import Account, Phase
from .._ends.ends import Ends
from .._ends.outcome import Outcome
from .._errors import DroverError
from .._facts.end_state import EndState
from .._libvirt import domain as domains
from .._libvirt.domain import DomainFacts
from .._libvirt.images import define, persistent_definition


class OfflineMove:
    """Moves the definition of one VM.

    Parameters
    ----------
    facts : DomainFacts
        The VM, shut off.
    ends : Ends
        The hosts, and time.
    destination_before : EndState
        What the destination knew of it.
    """

    def __init__(
        self,
        facts: DomainFacts,
        ends: Ends,
        destination_before: EndState,
    ) -> None:
        self._facts = facts
        self._ends = ends
        self._before = destination_before

    def run(self) -> Account:
        """Define it there first, then forget it here: at no moment it is defined nowhere."""
        began_s = self._ends.clock()
        try:
            self._define_there()
            self.forget_here()
        except DroverError as error:
            return self._undone(error, began_s)
        now_s = self._ends.clock()
        return Account(
            Outcome.MOVED, phase=Phase.CLEANUP, began_s=began_s, left_s=now_s, arrived_s=now_s
        )

    def _define_there(self) -> None:
        definition = self._with_source(persistent_definition)
        self._ends.destination.ask(
            lambda connection: define(connection, definition), "define the VM"
        )
        if self._facts.state.autostart:
            self._with_destination(lambda domain: domains.set_autostart(domain, True))

    def forget_here(self) -> None:
        """Remove the definition from the source; the destination has its own."""
        self._with_source(domains.undefine)

    def _undone(self, error: DroverError, began_s: float) -> Account:
        """Take the definition away from the destination again, if the source still has its own."""
        here = self._ends.source.state(self._facts.uuid)
        leftovers: tuple[str, ...] = ()
        if here.readable and here.persistent and not self._before.persistent:
            try:
                self._with_destination(domains.undefine)
            except DroverError as failure:
                leftovers = (
                    "It is not known whether the VM is defined on the destination: {}".format(
                        failure.message
                    ),
                )
        outcome = Outcome.NOT_MOVED if here.persistent else Outcome.UNKNOWN
        now_s = self._ends.clock()
        return Account(
            outcome,
            error.message,
            error.code,
            error.remedy or "Read libvirt's message; nothing of the VM was lost.",
            leftovers=leftovers,
            phase=Phase.TRANSFER,
            began_s=began_s,
            left_s=now_s,
            arrived_s=now_s,
        )

    def _with_source(self, change: t.Callable[[t.Any], t.Any]) -> t.Any:
        return self._ends.source.ask_domain(self._facts.uuid, change, "change the VM")

    def _with_destination(self, change: t.Callable[[t.Any], t.Any]) -> t.Any:
        return self._ends.destination.ask_domain(self._facts.uuid, change, "change the VM")
