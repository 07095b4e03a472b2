# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mark in a VM's live definition that says "on its way", and what is to be done when it arrives.

The mark is set before a migration. It travels with the live definition, over the network or in a
saved image, so that whoever finds the VM on the destination knows how it was before, even when the
process that began the migration died. It also tells whether the VM waits there for the end of its
handover: a paused one does then, and has never run there, for the mark is taken away once it runs.
Otherwise it was a user who paused it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from .._facts.handover import NAMESPACE, PREFIX
from .connection import libvirt, translated


@dataclass(frozen=True)
class HandoverMark:
    """What the mark says.

    Parameters
    ----------
    defined_before : bool
        Whether the destination had a definition of the VM before the migration.
    autostart : bool
        Whether the VM was started together with its host.
    paused : bool
        Whether the VM stood still before, by somebody's wish, and shall arrive so.
    waits : bool
        Whether the VM waits on the destination for us to resume it; else libvirt lets it run.
    """

    defined_before: bool = False
    autostart: bool = False
    paused: bool = False
    waits: bool = True


def set_mark(domain: t.Any, mark: HandoverMark) -> None:
    """Mark an active VM.

    Raises
    ------
    LibvirtFailed
        It cannot be marked.
    """
    attributes = {
        "defined-before": mark.defined_before,
        "autostart": mark.autostart,
        "paused": mark.paused,
        "waits": mark.waits,
    }
    element = ET.Element(
        "handover", {name: "yes" if on else "no" for name, on in attributes.items()}
    )
    with translated("mark the VM {} for its handover".format(domain.name())):
        domain.setMetadata(
            libvirt.VIR_DOMAIN_METADATA_ELEMENT,
            ET.tostring(element, encoding="unicode"),
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
    return _mark(ET.fromstring(text))


def mark_in(definition: str) -> HandoverMark | None:
    """Return the mark in a VM's definition, or None."""
    element = ET.fromstring(definition).find("metadata/{{{}}}handover".format(NAMESPACE))
    return None if element is None else _mark(element)


def _mark(element: ET.Element) -> HandoverMark:
    return HandoverMark(
        defined_before=element.get("defined-before") == "yes",
        autostart=element.get("autostart") == "yes",
        paused=element.get("paused") == "yes",
        waits=element.get("waits") != "no",
    )


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
