# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directories in which a host keeps marks and executions: the one place where its files are written, and where
it is said why one cannot be.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import stat
import typing as t

from .._errors import DroverError
from .durable import read_file, replace_file, sync_directory

_OWNED = "/var/lib/drover"
# What a host needs for its copies of the cluster's lock, of marks and records.
LITTLE = 64 << 10

_AGAIN = "then run the same playbook again."
# What to do about an error of the file system at a path.
_REMEDIES = {
    errno.ENOSPC: "Free some space or inodes there (df -h {0}; df -i {0}), " + _AGAIN,
    errno.EDQUOT: "Raise the quota of {1} there or remove what it holds, " + _AGAIN,
    errno.EROFS: "Find out why its file system is read-only (dmesg; findmnt -T {0}), mount it writable, "
    + _AGAIN,
    errno.EIO: "Look after its disk (dmesg), " + _AGAIN,
    errno.EMFILE: "Let {1} have more open files (ulimit -n), " + _AGAIN,
    errno.ENFILE: "Let the host have more open files (sysctl fs.file-max), " + _AGAIN,
}

# Somebody else's, or a link where none may be.
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.ELOOP)


class StateUnusable(DroverError):
    """What the host keeps of Drover cannot be read or written, by this user or by anybody."""

    code = "state_unusable"


@contextlib.contextmanager
def using_state(path: str, doing: str = "written") -> t.Iterator[None]:
    """Turn an error of the file system into C(StateUnusable), which names the host, the path and what to do.

    Parameters
    ----------
    path : str
        What is used.
    doing : str
        What cannot be done to it then: V(written) or V(read).
    """
    try:
        yield
    except OSError as error:
        raise _refused(path, doing, error) from error


def write_own(path: str, text: str, mode: int = 0o644) -> None:
    """Write a file that only Drover writes: also after a crash it holds the old text or the new one.

    Raises
    ------
    StateUnusable
        It cannot be written.
    """
    with using_state(path):
        replace_file(path, text, mode)


def remove_own(path: str) -> None:
    """Remove a file that only Drover writes.

    Raises
    ------
    StateUnusable
        It cannot be removed.
    """
    with using_state(path, "removed"):
        os.unlink(path)
        sync_directory(os.path.dirname(path))


def require_space(directory: str, size: int = LITTLE) -> None:
    """Make sure that this many bytes, and a few files, find room in a directory.

    Raises
    ------
    StateUnusable
        They do not.
    """
    with using_state(directory, "read"):
        found = os.statvfs(directory)
    free = found.f_bavail * found.f_frsize
    # Some file systems make inodes as they need them and count none.
    if free < size or (found.f_files and found.f_favail < _FILES):
        raise StateUnusable(
            "{0}: {1} has {2} KiB and {3} inodes left, and a run needs {4} KiB and {5}. Nothing was begun.".format(
                os.uname().nodename, directory, free >> 10, found.f_favail, -(-size // 1024), _FILES
            ),
            _REMEDIES[errno.ENOSPC].format(directory),
        )


# An execution makes fewer files than this.
_FILES = 16


def provide_directory(path: str, mode: int) -> None:
    """Make a directory that this user can write to, if it is not there.

    Raises
    ------
    StateUnusable
        He may not make it, or not write to it.
    """
    with using_state(path):
        os.makedirs(path, mode=mode, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise _unusable(path, "it belongs to another user")


def open_own(path: str, flags: int) -> int:
    """Open a file that only Drover writes, for its owner alone; a link, a pipe or a device in its place is refused.

    Raises
    ------
    StateUnusable
        It cannot be opened.
    """
    with using_state(path, "opened"):
        # Without O_NONBLOCK a pipe waits for somebody at its other end.
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "it is not a regular file", path)
        return descriptor


def read_own(path: str) -> str | None:
    """Return the text of a file that only Drover writes, None where there is none; what is not text is replaced.

    Raises
    ------
    StateUnusable
        It cannot be read.
    """
    with using_state(path, "read"):
        try:
            return read_file(path, errors="replace")
        except FileNotFoundError:
            return None


def own_directory(path: str) -> None:
    """Make a directory for its owner alone; a link in its place is refused.

    Raises
    ------
    StateUnusable
        Something else is there, or it cannot be made.
    """
    provide_directory(path, 0o700)
    if os.path.islink(path):
        raise _unusable(path, "it is a link")


def list_directory(path: str) -> list[str]:
    """Return the sorted names in a directory; none where there is no directory.

    Raises
    ------
    StateUnusable
        This user may not read it.
    """
    with using_state(path, "read"):
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return []


def _refused(path: str, doing: str, error: OSError) -> StateUnusable:
    why = error.strerror or str(error)
    if error.errno in _FORBIDDEN:
        return _unusable(path, why)
    remedy = _REMEDIES.get(error.errno or 0, "Look what stands there, " + _AGAIN)
    return StateUnusable(
        "{0}: {1} cannot be {2}: {3}.".format(os.uname().nodename, path, doing, why),
        remedy.format(os.path.dirname(path), _user()),
    )


def _unusable(path: str, why: str) -> StateUnusable:
    return StateUnusable(
        "The user {0} cannot use {1} on this host: {2}.".format(_user(), path, why),
        "Let Ansible become root, or give {0} to that user (install -d -o {1} {0}, chown -R).".format(
            _OWNED, _user()
        ),
    )


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name
