# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host as its facts describe it. ``None`` means unknown, and unknown restricts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """One QEMU of a host and what it can offer."""

    path: str
    arch: str | None = None
    domain_types: frozenset[str] | None = None
    machines: frozenset[str] | None = None
    usable_models: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A mount or pool directory; equal identities on two hosts are the same storage."""

    path: str
    shared: bool = True
    identity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A libvirt host.

    Attributes
    ----------
    vcpus
        Physical threads.
    memory_mib, memory_reserved_mib
        Physical memory, and the part of it that VMs never get.
    maintenance
        No VM may move here (a fact, or a mark of an operator).
    idle_w, busy_w
        Electrical power without load and at full load, where known.
    """

    name: str
    vcpus: int
    memory_mib: int
    state: str = "up"
    maintenance: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    uuid: str | None = None
    memory_reserved_mib: int = 0
    arch: str | None = None
    cpu_vendor: str | None = None
    cpu_model: str | None = None
    usable_models: frozenset[str] | None = None
    features: frozenset[str] | None = None
    emulators: tuple[Emulator, ...] | None = None
    bridges: frozenset[str] | None = None
    interfaces: frozenset[str] | None = None
    networks: Mapping[str, bool] | None = None
    storage: Mapping[str, Storage] | None = None
    hugepages_mib: Mapping[int, int] | None = None
    migration_address: str | None = None
    speed_mbit: float | None = None
    uri: str | None = None
    idle_w: float | None = None
    busy_w: float | None = None
    powered_off_by_us: bool = False

    @property
    def is_up(self) -> bool:
        """Tell whether VMs can run here now."""
        return self.state == "up"

    def emulator(self, path: str) -> Emulator | None:
        """Return the emulator at this path, or ``None``."""
        return next((e for e in self.emulators or () if e.path == path), None)
