# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that holds a VM's memory between two hosts, and who may start the VM from it.

libvirt restores from the same file as often as it is asked, on any host: then the VM runs twice.
So the file's name says what may be done with it, and the name is changed by an atomic rename on the
file system that both hosts share:

* C(NAME.UUID.part): being written, nobody may restore it;
* C(NAME.UUID.saved): complete, nobody has it;
* C(NAME.UUID.claimed.HOST): HOST brings it into a QEMU, whose vCPUs stand still;
* C(NAME.UUID.used.HOST): the VM may run on HOST, or may have run, so nobody may restore it again.

A process that finds such a file after the death of its maker therefore knows what is left to
be done.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass

from .._errors import ImageUnusable

PART, SAVED, CLAIMED, USED = "part", "saved", "claimed", "used"


@dataclass(frozen=True)
class FoundImage:
    """A saved image that an interrupted move left.

    Parameters
    ----------
    path : str
        Where it is.
    stage : str
        V(part), V(saved), V(claimed) or V(used).
    host : str
        Who has it, as the file's name has it; empty for nobody.
    """

    path: str
    stage: str
    host: str


class SavedImage:
    """The names of one VM's saved image.

    Parameters
    ----------
    directory : str
        On a file system that both hosts and this process see at this path.
    name, uuid : str
        The VM.
    """

    def __init__(self, directory: str, name: str, uuid: str) -> None:
        self._base = os.path.join(directory, "{}.{}".format(_plain(name), uuid))
        self.directory = directory

    @property
    def part(self) -> str:
        """Path while it is being written."""
        return self._named(PART)

    @property
    def saved(self) -> str:
        """Path when it is complete and nobody has it."""
        return self._named(SAVED)

    def claimed(self, host: str) -> str:
        """Path when a host has it."""
        return self._named(CLAIMED, host)

    def used(self, host: str) -> str:
        """Path when the VM may run on a host."""
        return self._named(USED, host)

    def _named(self, stage: str, host: str = "") -> str:
        return ".".join([self._base, stage] + ([_plain(host)] if host else []))

    def remains(self) -> list[str]:
        """Return the paths of what an earlier move left."""
        prefix = os.path.basename(self._base) + "."
        with contextlib.suppress(OSError):
            names = sorted(name for name in os.listdir(self.directory) if name.startswith(prefix))
            return [os.path.join(self.directory, name) for name in names]
        return []

    def found(self) -> FoundImage | None:
        """Return what an interrupted move left, or None.

        Raises
        ------
        ImageUnusable
            The directory is not here, there is more than one file, or one that is not ours.
        """
        if not os.path.isdir(self.directory):
            raise ImageUnusable(
                "There is no directory {} here.".format(self.directory),
                "Run this where the storage that both hosts share is mounted.",
            )
        remains = self.remains()
        if not remains:
            return None
        stage, _dot, host = remains[0][len(self._base) + 1 :].partition(".")
        if len(remains) > 1 or stage not in (PART, SAVED, CLAIMED, USED):
            raise ImageUnusable(
                "It is not clear which of {} holds the VM.".format(" and ".join(remains)),
                "Find out on which host the VM runs, and remove what Drover did not make.",
            )
        return FoundImage(remains[0], stage, host)

    def belongs_to(self, found: FoundImage, host: str) -> bool:
        """Whether a host has it."""
        return found.host == _plain(host)

    def complete(self) -> None:
        """Make what was written available.

        Raises
        ------
        ImageUnusable
            There is no such file here.
        """
        self._rename(self.part, self.saved)

    def claim(self, host: str, holder: str | None = None) -> str:
        """Take the image for a host, from nobody or from another host that cannot use it.

        Returns
        -------
        str
            Its path. Of several who try this at the same time one succeeds.

        Raises
        ------
        ImageUnusable
            Somebody else has it.
        """
        path = self.claimed(host)
        self._rename(self.claimed(holder) if holder else self.saved, path)
        return path

    def use(self, host: str) -> str:
        """Let nobody restore it again, for the VM is about to run on the host that has claimed it.

        Raises
        ------
        ImageUnusable
            The host has not claimed it.
        """
        path = self.used(host)
        self._rename(self.claimed(host), path)
        return path

    def remove(self, path: str) -> None:
        """Delete it; the VM runs."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def _rename(self, old: str, new: str) -> None:
        try:
            os.rename(old, new)
            _sync(self.directory)
        except OSError as error:
            raise ImageUnusable(
                "The saved image {} cannot be renamed: {}.".format(old, error.strerror),
                "Run this where the directory {} is mounted; see who has the image.".format(
                    self.directory
                ),
            ) from error


def saved_uuid(directory: str, name: str) -> str | None:
    """Return the UUID of the VM of that name of which an image is in the directory, or None."""
    pattern = re.compile(re.escape(_plain(name)) + r"\.([0-9a-f-]{36})\.")
    with contextlib.suppress(OSError):
        found = [pattern.match(entry) for entry in sorted(os.listdir(directory))]
        return next((match.group(1) for match in found if match), None)
    return None


def _plain(name: str) -> str:
    """Return a name as a part of a file's name."""
    return name.replace("/", "_")


def _sync(directory: str) -> None:
    """Make the renames in a directory outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
