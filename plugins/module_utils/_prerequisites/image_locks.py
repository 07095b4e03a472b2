# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The locks that QEMU holds on the images of a VM's disks, as a host's kernel tells them.

QEMU locks single bytes of an image for what it does with it; byte 101 is held by the QEMU that writes to
it (RAW_LOCK_PERM_BASE and BLK_PERM_WRITE in its sources). It takes that lock before it lets a VM
run, and fails to let it run where another QEMU holds it. A VM that came paused and was never
resumed does not hold it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import subprocess
import typing as t
import xml.etree.ElementTree as ET

from .._linux.host_command import ended, started_on

_LIMIT_S = 15.0

# Asks for each image whether a lock to write to it could be had, taking none, and which file it is.
_SCRIPT = """
import fcntl, json, os, stat, struct, sys
def look(path):
    wanted = struct.pack("hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, 101, 1, 0)
    try:
        with open(path, "rb") as image:
            told = fcntl.fcntl(image, getattr(fcntl, "F_OFD_GETLK", 36), wanted)
            found, kind = os.fstat(image.fileno()), struct.unpack_from("h", told)[0]
            return path, found.st_ino, stat.S_ISREG(found.st_mode), kind != fcntl.F_UNLCK
    except OSError:
        return None
print(json.dumps([seen for seen in map(look, json.load(sys.stdin)) if seen]))
"""


class SeenImage(t.NamedTuple):
    """An image as one host sees it.

    Parameters
    ----------
    path : str
        Where it lies.
    inode : int
        Its number in its file system, the same on all hosts that share it.
    is_file : bool
        Whether it is a file; the node of a block device, and locks on it, belong to one host.
    is_held : bool
        Whether somebody holds the lock to write to it.
    """

    path: str
    inode: int
    is_file: bool
    is_held: bool


class Image(t.NamedTuple):
    """An image that only one VM may write to.

    Parameters
    ----------
    path : str
        Where it lies; empty for one on the network.
    is_raw : bool
        Whether it holds nothing but the disk's data.
    """

    path: str
    is_raw: bool


def writable_images(definition: ET.Element) -> list[Image]:
    """Return the images that only this VM may write to."""
    images = []
    for disk in definition.findall("devices/disk"):
        source = disk.find("source")
        is_shared = disk.find("readonly") is not None or disk.find("shareable") is not None
        if source is not None and not is_shared and disk.get("device", "disk") == "disk":
            driver = disk.find("driver")
            is_raw = driver is None or driver.get("type", "raw") == "raw"
            images.append(Image(source.get("file") or source.get("dev") or "", is_raw))
    return images


class Look:
    """A look at images from the host of a connection URI.

    The command that looks is started at once, for that takes longer than the look itself.

    Parameters
    ----------
    uri : str
        How this process reaches the host's libvirt.

    Side Effects
    ------------
    Runs a process here, and one on the host for an SSH URI, until C(at) or C(close) is called.
    """

    def __init__(self, uri: str) -> None:
        self._process = started_on(uri, _SCRIPT)

    def at(self, images: t.Sequence[Image]) -> list[SeenImage]:
        """Return the images as the host sees them, once.

        Those that it cannot open are left out; so are all of them where it can run nothing for us
        (see C(host_command)).
        """
        if self._process is None:
            return []
        try:
            paths = json.dumps([image.path for image in images if image.path])
            answer, _errors = self._process.communicate(paths, _LIMIT_S)
            return [SeenImage(*seen) for seen in json.loads(answer)]
        except (OSError, ValueError, TypeError, subprocess.TimeoutExpired):
            return []
        finally:
            self.close()

    def close(self) -> None:
        """Look no more."""
        if self._process is not None:
            ended(self._process)
            self._process = None
