# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves a VM by saving its memory to shared storage and restoring it on the other host.

The VM stands still for as long as its memory is written and read, but needs no network between the
hosts and converges always. The order of the steps keeps it from running twice and from getting
lost: the source's QEMU ends with the save; the image is complete and checked by the destination
before anything else; whoever restores it has claimed it first; it is deleted only when the VM runs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t
import xml.etree.ElementTree as ET

from .._errors import DroverError
from .._facts.disks import disks, file_paths
from .._libvirt import domain as domains
from .._libvirt.domain import DomainFacts
from .._libvirt.images import define, persistent_definition, restore, save, saved_uuid
from .account import Account
from .ends import End
from .result import EndState, Outcome
from .saved_image import ImageUnusable, SavedImage

# The slowest storage we wait for; a save of 1 TiB at 300 MiB/s takes an hour.
_PATIENCE_S = 2 * 3600.0


def refuse_unusable(image: SavedImage, facts: DomainFacts, unsafe: bool) -> None:
    """Refuse a quick move whose image or disks are not where they must be.

    libvirt checks shared storage for migrations only: a restore takes whatever lies at the disk's
    path. So every disk must be on the file system of the image, which the destination proves to
    share by reading the image there.

    Raises
    ------
    ImageUnusable
        The directory is not here, an earlier move left an image, or a disk is elsewhere.
    """
    if not os.path.isdir(image.directory):
        raise ImageUnusable(
            "There is no directory {} here.".format(image.directory),
            "Run this where the storage that both hosts share is mounted.",
        )
    if image.remains():
        raise ImageUnusable(
            "An earlier move left {}.".format(", ".join(image.remains())),
            "See on which host the VM runs; restore it or delete the image.",
        )
    elsewhere = [] if unsafe else _disks_elsewhere(image.directory, facts.live_xml)
    if elsewhere:
        raise ImageUnusable(
            "It is not proved that both hosts share {}.".format(", ".join(elsewhere)),
            "Save to a directory on the storage of the VM's disks, or migrate it live.",
        )


def _disks_elsewhere(directory: str, definition: str) -> list[str]:
    """Return the disks of the VM that are not on the file system of the directory."""
    device = os.stat(directory).st_dev
    found = []
    for disk in disks(ET.fromstring(definition), {}):
        paths = file_paths(disk)
        if not paths and disk["type"] != "network":
            # A block device, or a volume of a pool: nothing here tells what it is on the other host.
            paths = (
                [disk["path"] or "the disk {}".format(disk["target"])] if _has_medium(disk) else []
            )
        found += [path for path in paths if not _is_on(path, device)]
    return found


def _has_medium(disk: dict[str, t.Any]) -> bool:
    """Whether there is anything in the drive."""
    return disk["path"] is not None or disk["type"] == "volume"


def _is_on(path: str, device: int) -> bool:
    try:
        return os.stat(path).st_dev == device
    except OSError:
        return False


class QuickMove:
    """Moves one VM through a saved image.

    Parameters
    ----------
    facts : DomainFacts
        The VM, running or paused.
    source, destination : End
        The hosts.
    destination_before : EndState
        What the destination knew of it.
    image : SavedImage
        Where its memory goes.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        facts: DomainFacts,
        source: End,
        destination: End,
        destination_before: EndState,
        image: SavedImage,
        clock: t.Callable[[], float],
    ) -> None:
        self._facts = facts
        self._source = source
        self._destination = destination
        self._before = destination_before
        self._image = image
        self._clock = clock
        self._definition = ""
        self._began_s = self._left_s = self._arrived_s = clock()
        self._actions: list[str] = []
        self._leftovers: list[str] = []

    def run(self) -> Account:
        """Save, check, claim, restore, clean up."""
        try:
            self._save()
        except DroverError as error:
            return self._not_saved(error)
        try:
            self._prepare_destination()
            path = self._image.claim(self._destination.name)
        except DroverError as error:
            return self._back(error, None)
        return self._restore_there(path)

    def _save(self) -> None:
        """Write the memory; from here on the VM stands still."""
        domain = self._source.domain(self._facts.uuid)
        self._definition = persistent_definition(domain) if self._facts.state.persistent else ""
        self._began_s = self._clock()
        self._source.ask(
            lambda _connection: save(domain, self._image.part), "save the VM", _PATIENCE_S
        )
        self._left_s = self._clock()

    def _not_saved(self, error: DroverError) -> Account:
        """Saving failed, or its answer was lost: what counts is whether the source has the VM."""
        here = self._source.state(self._facts.uuid)
        if here.active:
            self._image.remove(self._image.part)
            return self._account(Outcome.NOT_MOVED, error)
        if not here.readable:
            self._leftovers.append("The saved image may be at {}.".format(self._image.part))
            return self._account(Outcome.UNKNOWN, error)
        return self._back(error, None)

    def _prepare_destination(self) -> None:
        """Let the destination read the image's header, and define the VM there."""
        self._image.complete()
        found = self._destination.ask(
            lambda connection: saved_uuid(connection, self._image.saved), "read the saved image"
        )
        if found != self._facts.uuid:
            raise ImageUnusable(
                "The saved image {} holds another VM ({}).".format(self._image.saved, found),
                "Give every cluster a directory of its own for saved images.",
            )
        if self._definition:
            self._destination.ask(
                lambda connection: define(connection, self._definition), "define the VM"
            )

    def _restore_there(self, path: str) -> Account:
        try:
            self._destination.ask(
                lambda connection: restore(connection, path), "restore the VM", _PATIENCE_S
            )
        except DroverError as error:
            there = self._destination.state(self._facts.uuid)
            if not there.readable:
                self._leftovers.append("The saved image is at {}.".format(path))
                return self._account(Outcome.UNKNOWN, error)
            if not there.active:
                return self._back(error, self._destination.name)
        self._arrived_s = self._clock()
        self._clean_up(path)
        return self._account(Outcome.MOVED)

    def _clean_up(self, path: str) -> None:
        """The VM runs on the destination: forget it on the source, and the image."""
        if self._facts.state.autostart:
            self._try(self._destination, lambda domain: domains.set_autostart(domain, True))
        # The source's definition is the only one until the destination's has been seen.
        if self._destination.state(self._facts.uuid).persistent:
            self._try(self._source, domains.undefine)
        self._image.remove(path)

    def _back(self, error: DroverError, holder: str | None) -> Account:
        """Start the VM where it was, from the image that nobody else can use."""
        try:
            if holder is None and os.path.exists(self._image.part):
                self._image.complete()
            path = self._image.claim(self._source.name, holder)
            self._source.ask(
                lambda connection: restore(connection, path), "restore the VM", _PATIENCE_S
            )
        except DroverError as failure:
            self._leftovers.append("Its memory is saved: {}".format(self._image.remains()))
            return self._account(Outcome.LOST, error, failure)
        self._arrived_s = self._clock()
        self._actions.append("Had to restore the VM on the source.")
        self._image.remove(path)
        there = self._destination.state(self._facts.uuid)
        if there.persistent and not there.active and not self._before.persistent:
            self._try(self._destination, domains.undefine)
        return self._account(Outcome.ROLLED_BACK, error)

    def _try(self, end: End, change: t.Callable[[t.Any], None]) -> None:
        """Do what the verdict does not hang on; what fails is a leftover."""
        try:
            domain = end.domain(self._facts.uuid)
            if domain is not None:
                end.ask(lambda _connection: change(domain), "change the VM")
        except DroverError as error:
            self._leftovers.append(error.message)

    def _account(self, outcome: Outcome, *errors: DroverError) -> Account:
        first = errors[0] if errors else None
        return Account(
            outcome,
            " ".join(error.message for error in errors),
            first.code if first else "",
            (first.remedy if first else "") or _REMEDIES.get(outcome, ""),
            actions=tuple(self._actions),
            leftovers=tuple(self._leftovers),
            downtime_ms=self._downtime_ms(outcome),
            began_s=self._began_s,
            left_s=self._left_s,
            arrived_s=self._arrived_s,
        )

    def _downtime_ms(self, outcome: Outcome) -> float | None:
        """Return how long the VM stood still: from the order to save until the restore was done."""
        if outcome is not Outcome.MOVED or self._facts.state.state == "paused":
            return None
        return round(1000 * (self._arrived_s - self._began_s), 1)


_REMEDIES = {
    Outcome.LOST: "Mend what libvirt complains of, then restore the VM from its image (virsh restore).",
    Outcome.UNKNOWN: "Bring the host's libvirt within reach; see where the VM is; start it nowhere before.",
    Outcome.ROLLED_BACK: "Mend what libvirt complains of, then move the VM again.",
    Outcome.NOT_MOVED: "Mend what libvirt complains of, then move the VM again.",
}
