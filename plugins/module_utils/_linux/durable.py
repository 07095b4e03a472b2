# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are there whole after a crash, or not at all.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile

# How file systems say that they have no hard links.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)


def replace_file(path: str, text: str, mode: int = 0o644) -> None:
    """Write a file so that readers, also after a power cut, see the old text or the new one.

    Raises
    ------
    OSError
        It cannot be written.
    """
    temporary = _written_beside(path, text, mode)
    try:
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    sync_directory(os.path.dirname(path))


def create_file(path: str, text: str, mode: int = 0o644) -> bool:
    """Write a file unless there is one already, and say whether it was written.

    Of several hosts that do so at the same time on a shared file system exactly one succeeds, and
    nobody ever reads half a file: the finished file is linked to its name, which is atomic also on
    NFS. Where the file system has no links, the file is created in place, and there is a moment in
    which it is empty.

    Raises
    ------
    OSError
        It cannot be written.
    """
    temporary = _written_beside(path, text, mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _created_in_place(path, text, mode)
    finally:
        os.unlink(temporary)
    sync_directory(os.path.dirname(path))
    return True


def _created_in_place(path: str, text: str, mode: int) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return True


def _written_beside(path: str, text: str, mode: int) -> str:
    """Write a temporary file in the same directory, force it to the disk and return its path."""
    descriptor, temporary = tempfile.mkstemp(
        prefix=os.path.basename(path) + ".", dir=os.path.dirname(path)
    )
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except OSError:
        os.unlink(temporary)
        raise
    return temporary


def sync_directory(path: str) -> None:
    """Force the entries of a directory to the disk, where its file system knows that."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
