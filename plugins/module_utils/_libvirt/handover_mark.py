# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the handover mark into a VM's live definition, reads it there and takes it away.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._facts.handover import NAMESPACE, PREFIX, HandoverMark, parse_mark
from .connection import libvirt, translated


def set_mark(domain: t.Any, mark: HandoverMark) -> None:
    """Mark an active VM.

    Raises
    ------
    LibvirtFailed
        It cannot be marked.
    """
    with translated("mark the VM {} for its handover".format(domain.name())):
        domain.setMetadata(
            libvirt.VIR_DOMAIN_METADATA_ELEMENT,
            mark.as_xml(),
            PREFIX,
            NAMESPACE,
            libvirt.VIR_DOMAIN_AFFECT_LIVE,
        )


def read_mark(domain: t.Any) -> HandoverMark | None:
    """Return the mark of a running VM, or None.

    Raises
    ------
    LibvirtFailed
        The host does not answer.
    """
    with translated("read the marks of the VM {}".format(domain.name())):
        try:
            text = domain.metadata(
                libvirt.VIR_DOMAIN_METADATA_ELEMENT, NAMESPACE, libvirt.VIR_DOMAIN_AFFECT_LIVE
            )
        except libvirt.libvirtError as error:
            if error.get_error_code() in _NOT_MARKED:
                return None
            raise
    return parse_mark(text)


def clear_mark(domain: t.Any) -> None:
    """Take the mark away; nothing happens when there is none, or when the VM does not run.

    Raises
    ------
    LibvirtFailed
        The host does not answer.
    """
    if read_mark(domain) is None:
        return
    with translated("take the handover mark from the VM {}".format(domain.name())):
        domain.setMetadata(
            libvirt.VIR_DOMAIN_METADATA_ELEMENT,
            None,
            PREFIX,
            NAMESPACE,
            libvirt.VIR_DOMAIN_AFFECT_LIVE,
        )


# No such metadata; not running; gone.
_NOT_MARKED = (
    getattr(libvirt, "VIR_ERR_NO_DOMAIN_METADATA", 80),
    getattr(libvirt, "VIR_ERR_OPERATION_INVALID", 55),
    getattr(libvirt, "VIR_ERR_NO_DOMAIN", 42),
)
