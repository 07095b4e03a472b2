# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are there whole after a crash, or not at all, and how they are read.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile

# How file systems say that they have no hard links.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)


# Far more than a journal of ten thousand migrations has.
MOST_MIB = 256


def read_file(path: str, errors: str = "strict") -> str:
    """Return the text of a file of ours, also where something stands in its place that would never end.

    Parameters
    ----------
    path : str
        The file.
    errors : str
        What becomes of bytes that are not UTF-8, as for C(open).

    Raises
    ------
    OSError
        It cannot be read, is too large, or is a pipe, a device or a directory: reading those may never end.
    UnicodeDecodeError
        It is not text.
    """
    # Without O_NONBLOCK a pipe waits for somebody who writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", path)
        if found.st_size > MOST_MIB << 20:
            raise OSError(errno.EFBIG, "it is larger than {0} MiB".format(MOST_MIB), path)
        with os.fdopen(descriptor, encoding="utf-8", errors=errors, closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


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
