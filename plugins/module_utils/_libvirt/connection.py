# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections to libvirt daemons, and the one place where libvirt is imported and its errors are
translated.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import traceback
import typing as t

from .._errors import ConnectionFailed, LibvirtFailed
from .._uris import check_uri

try:
    import libvirt
except ImportError:
    libvirt = None
    LIBVIRT_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    LIBVIRT_IMPORT_ERROR = None
    # Without a handler libvirt prints every error to stderr, which Ansible would take for module
    # output.
    libvirt.registerErrorHandler(lambda _context, _error: None, None)

__all__ = [
    "LIBVIRT_IMPORT_ERROR",
    "keep_alive",
    "libvirt",
    "open_connection",
    "translated",
]

# A peer that is silent for interval x count seconds is taken for dead: the same 30 s that libvirt's
# daemons use between each other, so both views of a broken link agree.
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_COUNT = 5


def open_connection(uri: str, read_only: bool = False) -> t.Any:
    """Open a connection to a libvirt daemon.

    Parameters
    ----------
    uri : str
        Connection URI such as C(qemu:///system) or C(qemu+ssh://root@kvm2/system).
    read_only : bool
        Whether to open it without the right to change anything.

    Returns
    -------
    libvirt.virConnect

    Raises
    ------
    ConnectionFailed
        The daemon cannot be reached, or refused; or the URI holds no valid address, or a password, which
        libvirt would not use and messages and journals would show.
    """
    check_uri(uri)
    try:
        return libvirt.openReadOnly(uri) if read_only else libvirt.open(uri)
    except libvirt.libvirtError as error:
        raise ConnectionFailed(
            "Cannot connect to libvirt at {0}: {1}.".format(uri, error.get_error_message()),
            "Check that the daemon runs there and that this user may connect to it "
            "(virsh -c {0} uri).".format(uri),
        ) from error


def keep_alive(connection: t.Any) -> None:
    """Ask for keepalive messages on a remote connection, so that a dead peer is noticed within half
    a minute.

    Needs a running event loop (see C(events.start_event_loop)); connections that know no keepalive
    are left as they are.
    """
    with contextlib.suppress(libvirt.libvirtError):
        connection.setKeepAlive(KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT)


@contextlib.contextmanager
def translated(doing: str, remedy: str = "") -> t.Iterator[None]:
    """Turn a libvirt error of the enclosed calls into C(LibvirtFailed), saying what was being
    done."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise LibvirtFailed(
            "Cannot {0}: {1}.".format(doing, (error.get_error_message() or str(error)).rstrip(".")),
            remedy,
            libvirt_code=error.get_error_code() or 0,
            libvirt_domain=error.get_error_domain() or 0,
        ) from error
