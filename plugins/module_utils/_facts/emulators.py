# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulators of a host: architectures, machine types, domain types.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .processor import Offer


class Emulator(t.NamedTuple):
    """One emulator for one architecture; C(machines) gives the canonical name of each name."""

    path: str
    arch: str
    domain_types: tuple[str, ...]
    machines: dict[str, str]


def parse_emulators(capabilities: ET.Element) -> tuple[Emulator, ...]:
    """Read the emulators of fully virtualized guests from the root of a capabilities document."""
    return tuple(
        Emulator(
            path=arch.findtext("emulator", ""),
            arch=arch.get("name", ""),
            domain_types=tuple(domain.get("type", "") for domain in arch.findall("domain")),
            machines={
                machine.text or "": machine.get("canonical", machine.text or "")
                for machine in arch.iter("machine")
            },
        )
        for guest in capabilities.findall("guest")
        if guest.findtext("os_type") == "hvm"
        for arch in guest.findall("arch")
    )


def canonical_machine(emulators: t.Iterable[Emulator], path: str, machine: str) -> str:
    """Return the versioned name that a machine type like C(q35) stands for on this host."""
    for emulator in emulators:
        if emulator.path == path and machine in emulator.machines:
            return emulator.machines[machine]
    return machine


def emulator_facts(emulator: Emulator, offers: t.Iterable[Offer]) -> dict[str, t.Any]:
    """Return the facts of an emulator; models are known only where they were asked for."""
    return {
        "path": emulator.path,
        "arch": emulator.arch,
        "domain_types": list(emulator.domain_types),
        "machines": sorted(emulator.machines),
        "usable_models": {
            offer.domain_type: list(offer.usable_models)
            for offer in offers
            if (offer.emulator, offer.arch) == (emulator.path, emulator.arch)
        },
    }


def questions(
    emulators: t.Iterable[Emulator], host_arch: str, used: t.Collection[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """Return for which (emulator, architecture, domain type) the capabilities are worth asking.

    The emulators of the host's own architecture, and those that a domain here uses. Other
    architectures are left out: a host can carry thirty emulators, and each answer costs time.

    Parameters
    ----------
    emulators : iterable of Emulator
        Those of the host.
    host_arch : str
        The host's own architecture.
    used : collection of (str, str)
        Emulator and architecture of the domains on the host.
    """
    return [
        (emulator.path, emulator.arch, domain_type)
        for emulator in emulators
        if emulator.arch == host_arch or (emulator.path, emulator.arch) in used
        for domain_type in emulator.domain_types
    ]
