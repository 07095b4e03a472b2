# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a VM's QEMU on one host, and only there where the other host is seen to have the VM.

This is the one place from which Drover destroys a VM, so it is here that no VM can get lost by it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._errors import DroverError
from .._libvirt import domain as domains
from .ends import End


class NotRedundant(DroverError):
    """The other host is not seen to have the VM, so this one may have the only one."""

    code = "not_redundant"


def end_redundant(uuid: str, end: End, other: End) -> None:
    """End the VM's QEMU on one host.

    The other host is asked at this moment, whatever it said before.

    Parameters
    ----------
    uuid : str
        The VM.
    end : End
        The host whose QEMU ends; nothing happens when it has none.
    other : End
        The host that must have the VM, whole.

    Raises
    ------
    NotRedundant
        The other host does not have the whole VM, or does not answer.
    DroverError
        The host does not answer, or answers with an error.
    """
    state = other.state(uuid)
    if not state.whole:
        raise NotRedundant(
            "{} keeps its copy of the VM, for {} has the VM as {}.".format(
                end.name, other.name, state
            ),
            "See which of the two is the VM, and stop the other (virsh destroy).",
        )
    end.ask_domain(uuid, domains.destroy, "stop the VM")
