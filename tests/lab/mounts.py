# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounting, by the system call: pid 1 of a host does it a dozen times at each boot."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_MS_BIND, _MS_MOVE, _MNT_DETACH = 4096, 8192, 2
_libc = ctypes.CDLL(None, use_errno=True)


def bind(source: Path, target: Path) -> None:
    """Show `source` (a file or a directory) at `target` as well."""
    _mount(str(source), target, "none", _MS_BIND, "")


def move(source: Path, target: Path) -> None:
    """Take the mount at `source` to `target`."""
    _mount(str(source), target, "none", _MS_MOVE, "")


def tmpfs(target: Path, mode: int) -> None:
    """Lay an empty file system in memory over `target`."""
    _mount("tmpfs", target, "tmpfs", 0, f"mode={mode:o}")


def sysfs(target: Path) -> None:
    """Mount a sysfs, which shows the network devices of the caller's namespace."""
    _mount("sysfs", target, "sysfs", 0, "")


def overlay(target: Path, upper: Path, work: Path) -> None:
    """Make `target` writable in `upper`, with what it holds now below."""
    # index=off: the overlay of the host's last boot may still be on its way out
    options = f"lowerdir={target},upperdir={upper},workdir={work},index=off"
    _mount("overlay", target, "overlay", 0, options)


def detach(target: Path) -> None:
    """Take away the mount at `target`, now, in use or not."""
    if _libc.umount2(os.fsencode(target), _MNT_DETACH) != 0:
        _raise(target)


def mount_points() -> list[Path]:
    """Return the mount points of the caller's namespace, in the order of mounting."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [Path(line.split()[4]) for line in lines]


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    arguments = (source.encode(), os.fsencode(target), kind.encode())
    if _libc.mount(*arguments, ctypes.c_ulong(flags), options.encode()) != 0:
        _raise(target)


def _raise(target: Path) -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), str(target))
