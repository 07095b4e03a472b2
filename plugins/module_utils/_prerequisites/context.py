# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the checks of a migration work on.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from .._facts.end_state import EndState
from .._libvirt.domain import DomainFacts
from .._request.request import MigrationRequest


@dataclass(frozen=True)
class Pair:
    """A source and a destination, with open connections to both.

    Parameters
    ----------
    request : MigrationRequest
        What was asked for; of it the hosts and the way between them.
    source, destination : libvirt.virConnect
        The hosts.
    """

    request: MigrationRequest
    source: t.Any
    destination: t.Any

    @property
    def there(self) -> str:
        """The destination's name in messages."""
        return self.request.destination_name


@dataclass(frozen=True)
class Context(Pair):
    """One VM, its destination, and open connections to both hosts.

    Parameters
    ----------
    facts : DomainFacts
        The VM on its source.
    definition : xml.etree.ElementTree.Element
        Its live definition.
    destination_before : EndState
        What the destination knows of it.
    """

    facts: DomainFacts
    definition: ET.Element
    destination_before: EndState

    @property
    def domain_type(self) -> str:
        """C(kvm) or C(qemu)."""
        return self.definition.get("type", "kvm")

    @property
    def emulator(self) -> str:
        """Path of the VM's QEMU."""
        return self.definition.findtext("devices/emulator", "")

    @property
    def arch(self) -> str:
        """The VM's architecture."""
        return self._os_type("arch")

    @property
    def machine(self) -> str:
        """The VM's machine type with its version, as it stands in the live definition."""
        return self._os_type("machine")

    def _os_type(self, attribute: str) -> str:
        os_type = self.definition.find("os/type")
        return "" if os_type is None else os_type.get(attribute, "")
