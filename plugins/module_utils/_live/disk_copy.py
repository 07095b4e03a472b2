# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that a VM's disks are copied into: made before, and removed where the copy failed.

A file is only ever removed when it is one that this process made and the VM is known to be on the
source, or, where the operator asked for it, when it is the source's and the VM is known to run on
the destination. In doubt all of them stay, and the report names them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import typing as t
import xml.etree.ElementTree as ET

from .._ends.ends import End, Ends
from .._ends.outcome import Outcome
from .._errors import DroverError
from .._facts.end_state import Evidence
from .._libvirt.domain import DomainFacts
from .._libvirt.volumes import (
    create_image,
    directory_pool,
    free_mib,
    has_image,
    image_size,
    remove_image,
)
from .._request.disks_to_copy import CopiedDisk, copied_disks
from .._request.options import MigrationOptions

# Making and deleting images may have to wait for slow storage.
_PATIENCE_S = 300.0
# With less than this a file system is full for the next cluster of an image.
_FULL_MIB = 1.0


class DiskCopy:
    """The images of one VM that are copied.

    Parameters
    ----------
    facts : DomainFacts
        The VM.
    options : MigrationOptions
        Which disks, and what becomes of the source's images.
    ends : Ends
        The hosts, and time.

    Attributes
    ----------
    disks : tuple of CopiedDisk
        What is copied; known after C(create).
    capacity_mib : float
        Size of all of them.
    actions, leftovers, warnings : list of str
        What C(finish) did, could not do, and left on purpose.
    clue : str
        That the destination's file system is full, if C(finish) found it so.
    """

    def __init__(self, facts: DomainFacts, options: MigrationOptions, ends: Ends) -> None:
        self._facts = facts
        self._options = options
        self._ends = ends
        self.disks: tuple[CopiedDisk, ...] = ()
        self.capacity_mib = 0.0
        self.actions: list[str] = []
        self.leftovers: list[str] = []
        self.warnings: list[str] = []
        self.clue = ""

    def create(self) -> None:
        """Make an empty image on the destination for each disk that is to be copied.

        Raises
        ------
        DroverError
            One of them cannot be made; those that were made are removed again.
        """
        for disk in copied_disks(ET.fromstring(self._facts.live_xml), self._options):
            try:
                self._create(disk)
            except DroverError:
                self.discard()
                raise

    def _create(self, disk: CopiedDisk) -> None:
        domain = self._ends.source.domain(self._facts.uuid)
        size = self._ends.source.ask(
            lambda _connection: image_size(domain, disk.target), "read a disk"
        )

        def make(connection: t.Any) -> bool:
            with directory_pool(connection, disk.directory) as pool:
                if not disk.named and has_image(pool, disk.file_name):
                    return False
                create_image(
                    pool, disk.file_name, disk.image_format, size.capacity_mib, disk.backing
                )
            return True

        if self._ends.destination.ask(make, "make the image {}".format(disk.path), _PATIENCE_S):
            self.disks += (disk,)
            self.capacity_mib += size.capacity_mib

    def finish(self, outcome: Outcome | None, evidence: Evidence) -> None:
        """Remove what is not needed any more, and tell what is kept."""
        if outcome is Outcome.MOVED:
            self._see_to_sources(evidence)
        elif outcome in (Outcome.NOT_MOVED, Outcome.ROLLED_BACK) and evidence.destination.readable:
            self._look_for_room()
            if not evidence.destination.active:
                self.discard()
        else:
            self.leftovers += [
                _kept("The copy", disk, self._ends.destination) for disk in self.disks
            ]

    def _see_to_sources(self, evidence: Evidence) -> None:
        certain = evidence.destination.active and evidence.source.state == "absent"
        for disk in self.disks:
            if self._options.remove_source_images and certain:
                self._remove(self._ends.source, disk)
            else:
                self.warnings.append(_kept("The old image", disk, self._ends.source))

    def _look_for_room(self) -> None:
        """See whether the copy filled the file system up."""
        for directory in {disk.directory for disk in self.disks}:

            def look(connection: t.Any, directory: str = directory) -> float:
                with directory_pool(connection, directory) as pool:
                    return free_mib(pool)

            with contextlib.suppress(DroverError):
                if self._ends.destination.ask(look, "read the free space") < _FULL_MIB:
                    self.clue = "No space left on device: {} on {} is full.".format(
                        directory, self._ends.destination.name
                    )

    def discard(self) -> None:
        """Remove the copies: the VM is on the source."""
        for disk in self.disks:
            self._remove(self._ends.destination, disk)

    def _remove(self, end: End, disk: CopiedDisk) -> None:
        def delete(connection: t.Any) -> None:
            with directory_pool(connection, disk.directory) as pool:
                remove_image(pool, disk.file_name)

        try:
            end.ask(delete, "delete the image {}".format(disk.path), _PATIENCE_S)
        except DroverError as error:
            self.leftovers.append("{} {}".format(_kept("The image", disk, end), error.message))
        else:
            self.actions.append("Removed the image {} from {}.".format(disk.path, end.name))


def _kept(what: str, disk: CopiedDisk, end: End) -> str:
    return "{} {} is still on {}.".format(what, disk.path, end.name)
