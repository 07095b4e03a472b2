# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a quick move to its end whose process died.

The image's name says how far it came, and both hosts say where the VM is:

* the VM is active on the host that has claimed or used the image: it goes on from there;
* it is active otherwise: it was never let go, or was started again meanwhile, and the image is void;
* it is active nowhere, and the image was not used: the destination restores it, or else the source;
* it is active nowhere, and the image was used: the VM has run and ended since.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._ends.account import Account, Phase
from .._ends.ends import End, Ends
from .._ends.outcome import Outcome
from .._errors import DroverError, ImageUnusable
from .._facts.end_state import FENCED, EndState
from .._facts.handover import HandoverMark, mark_in
from .._libvirt.handover_mark import clear_mark, read_mark
from .._libvirt.images import saved_definition
from .image_checks import is_whole
from .quick_move import LOOK_AGAIN_S, PATIENCE_S, REMEDIES, UNREACHABLE, QuickMove
from .saved_image import CLAIMED, PART, USED, FoundImage, SavedImage

# How a VM ends that somebody let run; QEMU that dies while the VM is held is none of these.
_ENDED_BY_SOMEBODY = ("shutdown", "destroyed")
_RAN = "It had run without its saved memory, or from it, in the meantime."
_UNFIT = "Bring the VM on {} to run or to an end, then move it again. Keep its saved image until it runs."
_ON_THE_WAY_BACK = "The quick move was interrupted on its way back to the source."


class Interrupted(DroverError):
    """The process that moved the VM died on the way back."""

    code = "interrupted"


class InterruptedQuickMove:
    """What a quick move left whose process died.

    Parameters
    ----------
    image : SavedImage
        The names of its image.
    found : FoundImage
        The image.
    uuid : str
        The VM.
    ends : Ends
        The hosts, and time.
    patience_s : float
        How long a host that does not answer is asked again.
    """

    def __init__(
        self,
        image: SavedImage,
        found: FoundImage,
        uuid: str,
        ends: Ends,
        patience_s: float,
    ) -> None:
        self._image = image
        self._found = found
        self._uuid = uuid
        self._ends = ends
        self._patience_s = patience_s

    def finish(self) -> Account | None:
        """Let the VM run on exactly one host; None when it is active on both.

        Raises
        ------
        DroverError
            A third host has the image, or a host cannot be asked.
        """
        self._refuse_a_third_host()
        here, there = self._look_when_at_rest()
        if not (here.readable and there.readable):
            return self._unknown(here, there)
        if here.active and there.active:
            return None
        if here.active or there.active:
            return self._active(here, there)
        return self._asleep(here, there)

    def _refuse_a_third_host(self) -> None:
        ends = (self._ends.source, self._ends.destination)
        if self._found.host and not any(self._has(end) for end in ends):
            raise ImageUnusable(
                "{} has the saved image {}.".format(self._found.host, self._found.path),
                "Move the VM to that host first, or see that it does not run there and remove the image.",
            )

    def _has(self, end: End) -> bool:
        return self._image.belongs_to(self._found, end.name)

    def _look_when_at_rest(self) -> tuple[EndState, EndState]:
        """Return both states once libvirt neither saves nor restores the VM any more."""
        give_up_at_s = self._ends.clock() + PATIENCE_S
        while True:
            here, there = (
                end.state(self._uuid) for end in (self._ends.source, self._ends.destination)
            )
            if not _at_work(here, there) or self._ends.clock() > give_up_at_s:
                return here, there
            self._ends.sleep(LOOK_AGAIN_S)

    def _active(self, here: EndState, there: EndState) -> Account:
        on_destination = there.active
        end, state = (
            (self._ends.destination, there) if on_destination else (self._ends.source, here)
        )
        mark = end.ask_domain(self._uuid, read_mark, "read the VM's marks")
        move = self._move(mark or HandoverMark())
        claimed = self._found.stage == CLAIMED and state.state == "paused"
        if self._has(end) and (claimed or self._found.stage == USED):
            return self._go_on(move, on_destination, claimed)
        if not state.whole:
            # What that QEMU has may be less than the VM, and then the image is the only one there is.
            return self._unknown(here, there, _UNFIT.format(end.name))
        self._discard(end)
        outcome = Outcome.ALREADY_THERE if on_destination else Outcome.NOT_MOVED
        now_s = self._ends.clock()
        return Account(
            outcome,
            actions=(self._removal,),
            phase=Phase.TRANSFER,
            began_s=now_s,
            left_s=now_s,
            arrived_s=now_s,
        )

    def _go_on(self, move: QuickMove, on_destination: bool, claimed: bool) -> Account:
        if on_destination:
            return move.let_run_there() if claimed else move.finish_there()
        error = Interrupted(_ON_THE_WAY_BACK)
        return move.let_run_here(error) if claimed else move.finish_here(error)

    def _asleep(self, here: EndState, there: EndState) -> Account:
        if self._found.stage == USED:
            return self._ended(_RAN)
        part = self._found.stage == PART
        reader = self._ends.destination if here.reason == FENCED else self._ends.source
        if part and not is_whole(reader, self._uuid, self._found.path):
            return self._ended("Its memory had not been saved to the end.")
        mark = self._saved_mark(reader)
        if _ran_meanwhile(here, there, mark):
            return self._ended(_RAN)
        move = self._move(mark)
        if self._found.stage != CLAIMED:
            return move.hand_over()
        if self._has(self._ends.destination):
            return move.restore_there()
        return move.restore_here(Interrupted(_ON_THE_WAY_BACK))

    def _ended(self, reason: str) -> Account:
        """The VM has ended, and this image cannot bring it back."""
        self._image.remove(self._found.path)
        return Account(
            Outcome.LOST,
            "The VM has ended since its quick move was interrupted. {}".format(reason),
            Outcome.LOST.value,
            "See whether it was shut down, or why QEMU ended (/var/log/libvirt/qemu), and start it.",
            actions=(self._removal,),
            phase=Phase.TRANSFER,
        )

    @property
    def _removal(self) -> str:
        return "Removed the void image {}.".format(self._found.path)

    def _discard(self, end: End) -> None:
        """Take away what the interrupted move left on a VM that goes on without the image."""
        end.ask_domain(self._uuid, clear_mark, "change the VM")
        self._image.remove(self._found.path)

    def _unknown(
        self, here: EndState, there: EndState, remedy: str = REMEDIES[Outcome.UNKNOWN]
    ) -> Account:
        return Account(
            Outcome.UNKNOWN,
            UNREACHABLE.format(here, there),
            Outcome.UNKNOWN.value,
            remedy,
            leftovers=("The saved image is at {}.".format(self._found.path),),
            phase=Phase.TRANSFER,
        )

    def _move(self, mark: HandoverMark) -> QuickMove:
        return QuickMove(
            self._uuid,
            mark,
            self._ends,
            self._image,
            self._patience_s,
        )

    def _saved_mark(self, reader: End) -> HandoverMark:
        """Return what the saved VM says of itself; the source has written it, and reads it if it can."""
        definition = reader.ask(
            lambda connection: saved_definition(connection, self._found.path),
            "read the saved image",
        )
        mark = mark_in(definition)
        if mark is None:
            raise ImageUnusable(
                "The image {} was not saved by a quick move.".format(self._found.path),
                "Restore the VM from it (virsh restore), or remove it.",
            )
        return mark


def _at_work(here: EndState, there: EndState) -> bool:
    """Whether libvirt saves the VM on the source, or restores it on either host."""
    saving = here.readable and (here.busy or here.reason == "save")
    restoring = any(
        state.readable and (state.state, state.reason) == ("paused", "starting_up")
        for state in (here, there)
    )
    return saving or restoring


def _ran_meanwhile(here: EndState, there: EndState, mark: HandoverMark) -> bool:
    """Whether a host's last word on the VM tells of a run after the save.

    A definition that the destination had before may remember an older one.
    """
    ran_there = not mark.defined_before and there.reason in (*_ENDED_BY_SOMEBODY, "saved")
    return here.reason in _ENDED_BY_SOMEBODY or ran_there
