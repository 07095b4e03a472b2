# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that holds a VM's memory between two hosts, and who may start the VM from it.

libvirt restores from the same file as often as it is asked, on any host: then the VM runs twice.
So the file's name says what may be done with it, and the name is changed by an atomic rename on the
file system that both hosts share:

* C(NAME.UUID.part): being written, nobody may restore it;
* C(NAME.UUID.saved): complete, nobody has it;
* C(NAME.UUID.claimed.HOST): HOST starts the VM from it, or has done so.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import os

from .._errors import DroverError


class ImageUnusable(DroverError):
    """The saved image cannot be put where both hosts see it, or is not what it should be."""

    code = "image_unusable"


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
        self._base = os.path.join(directory, "{}.{}".format(name.replace("/", "_"), uuid))
        self.directory = directory

    @property
    def part(self) -> str:
        """Path while it is being written."""
        return self._base + ".part"

    @property
    def saved(self) -> str:
        """Path when it is complete and nobody has it."""
        return self._base + ".saved"

    def claimed(self, host: str) -> str:
        """Path when a host has it."""
        return "{}.claimed.{}".format(self._base, host.replace("/", "_"))

    def remains(self) -> list[str]:
        """Return the paths of what an earlier move left."""
        prefix = os.path.basename(self._base) + "."
        with contextlib.suppress(OSError):
            names = sorted(name for name in os.listdir(self.directory) if name.startswith(prefix))
            return [os.path.join(self.directory, name) for name in names]
        return []

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


def _sync(directory: str) -> None:
    """Make the renames in a directory outlive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
