# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves a VM by saving its memory to shared storage and restoring it on the other host.

The VM stands still for as long as its memory is written and read, but needs no network between the
hosts and converges always. The order of the steps keeps it from running twice and from getting
lost: the source's QEMU ends with the save; the image is complete and checked by the destination
before anything else; a restore claims it first; the restored VM stands still until
the image says that it was used; it is deleted only when the VM runs. Every step can be told from
the image's name and both hosts, so that a move whose process died can be finished.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t
import xml.etree.ElementTree as ET

from .._ends.account import Account, Phase
from .._ends.ends import End, Ends
from .._ends.outcome import Outcome
from .._ends.redundancy import end_redundant
from .._errors import DroverError, ImageUnusable
from .._facts.end_state import EndState
from .._facts.handover import HandoverMark
from .._libvirt import domain as domains
from .._libvirt.handover_mark import clear_mark, read_mark, set_mark
from .._libvirt.images import (
    define,
    persistent_definition,
    restore_paused,
    save,
    saved_definition,
)
from .image_checks import is_whole
from .saved_image import SavedImage

# The slowest storage we wait for; a save of 1 TiB at 300 MiB/s takes an hour.
PATIENCE_S = 2 * 3600.0
LOOK_AGAIN_S = 0.5


class _QemuDied(DroverError):
    """The restored VM ended before it could run."""

    code = "qemu_died"


class _StartedAnew(DroverError):
    """Somebody started the VM while its memory was in the image."""

    code = "started_anew"


_DIED_REMEDY = "Find out why QEMU ended (/var/log/libvirt/qemu) before starting the VM."
UNREACHABLE = "It is not known where the VM runs (source: {}; destination: {})."


class QuickMove:
    """Moves one VM through a saved image.

    Parameters
    ----------
    uuid : str
        The VM.
    mark : HandoverMark
        How the VM was before, and what the destination knew of it.
    ends : Ends
        The hosts, and time.
    image : SavedImage
        Where its memory goes.
    patience_s : float
        How long a host that does not answer is asked again.
    """

    def __init__(
        self,
        uuid: str,
        mark: HandoverMark,
        ends: Ends,
        image: SavedImage,
        patience_s: float,
    ) -> None:
        self._uuid = uuid
        self._mark = mark
        self._ends = ends
        self._image = image
        self._patience_s = patience_s
        self._definition = ""
        self._began_s = self._left_s = self._arrived_s = ends.clock()
        self._stopped_s: float | None = None
        self._actions: list[str] = []
        self._leftovers: list[str] = []

    def run(self) -> Account:
        """Save the VM, which is active on the source, and go on with its image."""
        try:
            self._save()
        except DroverError as error:
            return self._not_saved(error)
        return self.hand_over()

    def _save(self) -> None:
        """Write the memory; from here on the VM stands still."""
        domain = self._ends.source.domain(self._uuid)
        self._definition = self._definition_on(self._ends.source)
        self._ends.source.ask(lambda _connection: set_mark(domain, self._mark), "mark the VM")
        self._began_s = self._stopped_s = self._ends.clock()
        self._ends.source.ask(
            lambda _connection: save(domain, self._image.part), "save the VM", PATIENCE_S
        )
        self._left_s = self._ends.clock()

    def _not_saved(self, error: DroverError) -> Account:
        """Saving failed, or its answer was lost: what counts is whether the source has the VM."""
        here = self._state(self._ends.source)
        if here.active:
            self._image.remove(self._image.part)
            self._try(self._ends.source, clear_mark)
            return self._account(Outcome.NOT_MOVED, error)
        try:
            whole = is_whole(self._ends.source, self._uuid, self._image.part)
        except DroverError:
            self._leftovers.append("The saved image may be at {}.".format(self._image.part))
            return self._account(Outcome.UNKNOWN, error)
        if not whole:
            self._image.remove(self._image.part)
            return self._account(Outcome.LOST, DroverError(error.message, _DIED_REMEDY))
        return self._back(error, None)

    def hand_over(self) -> Account:
        """Let the destination claim and restore what was saved, or else the source."""
        try:
            self._prepare_destination()
            self._image.claim(self._ends.destination.name)
        except DroverError as error:
            return self._back(error, None)
        return self.restore_there()

    def _prepare_destination(self) -> None:
        """Let the destination read the image's header, and define the VM there."""
        self._complete()
        definition = self._ends.destination.ask(
            lambda connection: saved_definition(connection, self._image.saved),
            "read the saved image",
        )
        found = ET.fromstring(definition).findtext("uuid", "")
        if found != self._uuid:
            raise ImageUnusable(
                "The saved image {} holds another VM ({}).".format(self._image.saved, found),
                "Give every cluster a directory of its own for saved images.",
            )
        persistent = self._definition or self._definition_on(self._ends.source)
        if persistent:
            self._ends.destination.ask(
                lambda connection: define(connection, persistent), "define the VM"
            )

    def _definition_on(self, end: End) -> str:
        """Return what a host would start the VM from; empty for a transient VM."""
        domain = end.domain(self._uuid)
        if domain is None or not self._state(end).persistent:
            return ""
        return end.ask(lambda _connection: persistent_definition(domain), "read the definition")

    def _complete(self) -> None:
        if os.path.exists(self._image.part):
            self._image.complete()

    def restore_there(self) -> Account:
        """Restore what the destination has claimed; asked again, libvirt refuses an active VM."""
        path = self._image.claimed(self._ends.destination.name)
        try:
            self._restore(self._ends.destination, path)
        except DroverError as error:
            there = self._state(self._ends.destination)
            if not there.readable:
                self._leftovers.append("The saved image is at {}.".format(path))
                return self._account(Outcome.UNKNOWN, error)
            if not there.active:
                return self._back(error, self._ends.destination.name)
        return self.let_run_there()

    def let_run_there(self) -> Account:
        """Let the VM run that the destination has restored: from here on there is no way back."""
        there, here = self._state_of_restored(), self._state(self._ends.source)
        if not (there.readable and here.readable):
            return self._account(Outcome.UNKNOWN, DroverError(UNREACHABLE.format(here, there)))
        if here.active:
            return self._void(_StartedAnew("The VM was started again on the source meanwhile."))
        if not there.active:
            ended = _QemuDied("The restored VM has ended on the destination ({}).".format(there))
            return self._back(ended, self._ends.destination.name)
        try:
            # So that the source cannot start it any more. Its definition is the only one of a VM
            # that the destination holds as a transient one.
            if there.persistent:
                self._with(self._ends.source, domains.undefine)
            self._image.use(self._ends.destination.name)
        except DroverError as error:
            return self._account(Outcome.QUARANTINED, error)
        return self.finish_there()

    def _state_of_restored(self) -> EndState:
        """Return what the destination says of the VM, after it has had to speak with its QEMU."""
        try:
            self._with(self._ends.destination, domains.refuse_dead)
        except DroverError:
            self._ends.sleep(LOOK_AGAIN_S)
        return self._state(self._ends.destination)

    def finish_there(self) -> Account:
        """Let the VM run from the image that nobody can restore any more."""
        if self._mark.autostart:
            self._try(self._ends.destination, lambda domain: domains.set_autostart(domain, True))
        return self._let_run(self._ends.destination, Outcome.MOVED)

    def _void(self, error: DroverError) -> Account:
        """Give up what the destination holds, which has never run: the source has a newer VM.

        Where the source is not seen to have it any more, both the copy and its image are left.
        """
        try:
            end_redundant(self._uuid, self._ends.destination, self._ends.source)
        except DroverError as failure:
            return self._account(Outcome.QUARANTINED, error, failure)
        self._forget_there()
        self._image.remove(self._image.claimed(self._ends.destination.name))
        return self._account(Outcome.ROLLED_BACK, error)

    def _back(self, error: DroverError, holder: str | None) -> Account:
        """Restore the VM where it was, from the image that nobody else can use."""
        try:
            if holder is None:
                self._complete()
            self._image.claim(self._ends.source.name, holder)
        except DroverError as failure:
            self._leftovers.append("Its memory is saved: {}".format(self._image.remains()))
            return self._account(Outcome.LOST, error, failure)
        return self.restore_here(error)

    def restore_here(self, error: DroverError) -> Account:
        """Restore what the source has claimed, because of an error of the destination."""
        path = self._image.claimed(self._ends.source.name)
        self._define_here()
        try:
            self._restore(self._ends.source, path)
        except DroverError as failure:
            here = self._state(self._ends.source)
            if not here.active:
                self._leftovers.append("The saved image is at {}.".format(path))
                return self._account(_without_vm(here), error, failure)
        return self.let_run_here(error)

    def let_run_here(self, error: DroverError) -> Account:
        """Let the VM run again that the source has restored."""
        try:
            self._image.use(self._ends.source.name)
        except DroverError as failure:
            return self._account(Outcome.QUARANTINED, error, failure)
        return self.finish_here(error)

    def finish_here(self, error: DroverError) -> Account:
        """Forget the VM on the destination and let it run on the source."""
        self._actions.append("Restored the VM on the source.")
        self._forget_there()
        return self._let_run(self._ends.source, Outcome.ROLLED_BACK, error)

    def _define_here(self) -> None:
        """Define the VM on the source again, if that had forgotten it for the destination's sake."""
        if self._state(self._ends.source).persistent:
            return
        try:
            definition = self._definition_on(self._ends.destination)
            if definition:
                self._ends.source.ask(
                    lambda connection: define(connection, definition), "define the VM"
                )
                autostart = self._mark.autostart
                self._with(self._ends.source, lambda here: domains.set_autostart(here, autostart))
        except DroverError as error:
            self._leftovers.append(error.message)

    def _forget_there(self) -> None:
        """Remove the definition that this move has made on the destination."""
        there = self._state(self._ends.destination)
        if there.persistent and not there.active and not self._mark.defined_before:
            self._try(self._ends.destination, domains.undefine)

    def _state(self, end: End) -> EndState:
        """Return what a host says about the VM, once it answers."""
        deadline_s = self._ends.clock() + self._patience_s
        while True:
            state = end.state(self._uuid)
            if state.readable or self._ends.clock() > deadline_s:
                return state
            self._ends.sleep(LOOK_AGAIN_S)

    def _restore(self, end: End, path: str) -> None:
        end.ask(lambda connection: restore_paused(connection, path), "restore the VM", PATIENCE_S)

    def _let_run(self, end: End, outcome: Outcome, *errors: DroverError) -> Account:
        path = self._image.used(end.name)
        try:
            self._resume(end)
        except DroverError as error:
            state = self._state(end)
            self._leftovers.append("The saved image is at {}.".format(path))
            held = Outcome.QUARANTINED if state.active else _without_vm(state)
            return self._account(held, *errors, error)
        self._arrived_s = self._ends.clock()
        self._try(end, clear_mark)
        self._image.remove(path)
        return self._account(outcome, *errors)

    def _resume(self, end: End) -> None:
        """Let the vCPUs run; one without the mark was resumed before, and paused by somebody since."""
        self._with(end, lambda domain: domains.resume(domain) if _is_held(domain) else None)
        state = self._state(end)
        if not state.active:
            raise _QemuDied("The restored VM has ended on {} ({}).".format(end.name, state))

    def _try(self, end: End, change: t.Callable[[t.Any], None]) -> None:
        """Do what the verdict does not hang on; what fails is a leftover."""
        try:
            self._with(end, change)
        except DroverError as error:
            self._leftovers.append(error.message)

    def _with(self, end: End, change: t.Callable[[t.Any], None]) -> None:
        end.ask_domain(self._uuid, change, "change the VM")

    def _account(self, outcome: Outcome, *errors: DroverError) -> Account:
        first = errors[0] if errors else None
        return Account(
            outcome,
            " ".join(error.message for error in errors),
            outcome.value if outcome in _IN_DOUBT else first.code if first else "",
            (first.remedy if first else "") or REMEDIES.get(outcome, ""),
            actions=tuple(self._actions),
            leftovers=tuple(self._leftovers),
            phase=Phase.CLEANUP if outcome is Outcome.MOVED else Phase.TRANSFER,
            downtime_ms=self._downtime_ms(outcome),
            began_s=self._began_s,
            left_s=self._left_s,
            arrived_s=self._arrived_s,
        )

    def _downtime_ms(self, outcome: Outcome) -> float | None:
        """Return how long the VM stood still: from the order to save until it was resumed.

        None when another process gave that order.
        """
        if outcome is not Outcome.MOVED or self._mark.paused or self._stopped_s is None:
            return None
        return round(1000 * (self._arrived_s - self._stopped_s), 1)


def _is_held(domain: t.Any) -> bool:
    mark = read_mark(domain)
    return mark is not None and not mark.paused and not domains.is_running(domain)


def _without_vm(state: EndState) -> Outcome:
    """Return what it means that the host from which the VM must run has no QEMU of it."""
    return Outcome.LOST if state.readable else Outcome.UNKNOWN


# What a person may have to see to: the outcome tells more than what led to it.
_IN_DOUBT = (Outcome.LOST, Outcome.UNKNOWN, Outcome.QUARANTINED)

REMEDIES = {
    Outcome.LOST: "Fix what libvirt reports, then restore the VM from its image (virsh restore).",
    Outcome.UNKNOWN: "Bring the host's libvirt within reach and move the VM again; start it nowhere before.",
    Outcome.QUARANTINED: "Fix what libvirt reports, then move the VM again: it is resumed then.",
    Outcome.ROLLED_BACK: "Fix what libvirt reports, then move the VM again.",
    Outcome.NOT_MOVED: "Fix what libvirt reports, then move the VM again.",
}
