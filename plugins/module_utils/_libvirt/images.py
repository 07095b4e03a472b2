# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VM's definition and memory apart from its host: read and define, save and restore.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .connection import libvirt, translated


def persistent_definition(domain: t.Any) -> str:
    """Return the definition that the VM is started from, with its secrets.

    Raises
    ------
    LibvirtFailed
        The host does not answer, or may not tell secrets.
    """
    flags = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
    with translated("read the definition of the VM {}".format(domain.name())):
        return str(domain.XMLDesc(flags))


def define(connection: t.Any, definition: str) -> None:
    """Give a host the definition of a VM, in the place of an older one."""
    with translated("define the VM"):
        connection.defineXML(definition)


def save(domain: t.Any, path: str) -> None:
    """Write the VM's memory into a file of its host and end its QEMU.

    Raises
    ------
    LibvirtFailed
        It could not be written; the VM then runs on, as a rule.
    """
    with translated("save the VM {}".format(domain.name())):
        domain.save(path)


def restore_paused(connection: t.Any, path: str) -> None:
    """Bring a VM's saved memory into a QEMU whose vCPUs stand still.

    libvirt does so as often as it is asked. The caller must see that it happens once.
    """
    with translated("restore the VM from {}".format(path)):
        connection.restoreFlags(path, None, libvirt.VIR_DOMAIN_SAVE_PAUSED)


def saved_definition(connection: t.Any, path: str) -> str:
    """Return the live definition of the VM in a saved image, as a host reads it.

    Raises
    ------
    LibvirtFailed
        The host does not see the file, or it is incomplete or no saved image.
    """
    with translated("read the saved image {}".format(path)):
        return str(connection.saveImageGetXMLDesc(path, 0))
