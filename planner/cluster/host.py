# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host as its facts describe it. ``None`` means unknown, and unknown restricts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .history import Figures, HostHistory
from .resources import Resources


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
class Power:
    """How a host is switched, and what is on record about that.

    Attributes
    ----------
    is_switchable
        The inventory says how.
    proven, doubtful
        It has been woken once; why it is not trusted to wake.
    boot_s
        Seconds that it took to come up.
    since, reason
        When it went to sleep or came back, and why it went to sleep.
    times_off, off_s
        How often it has slept, and for how many seconds in all.
    needed_by
        Why it must not be switched off now.
    """

    is_switchable: bool = False
    keep_on: bool = False
    proven: bool = False
    doubtful: str | None = None
    boot_s: float | None = None
    since: datetime | None = None
    reason: str = ""
    times_off: int = 0
    off_s: float = 0.0
    needed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A libvirt host.

    Attributes
    ----------
    vcpus
        Physical threads.
    memory_mib, memory_reserved_mib
        Physical memory, and the part of it that VMs never get.
    cpus_reserved
        Threads that VMs never get.
    own_use
        What the host uses beside its VMs: memory and CPUs busy.
    history, load
        What it remembers of its load, and what monitoring knows of it.
    memory_in_pages_mib, hugepages_mib
        The part of it that is set aside in huge pages, as far as those are counted; what VMs may have of them, by the
        size of the pages in KiB.
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
    cpus_reserved: float = 0.0
    own_use: Resources = field(default_factory=Resources)
    history: HostHistory | None = None
    load: Figures | None = None
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
    memory_in_pages_mib: int = 0
    hugepages_mib: Mapping[int, int] | None = None
    migration_address: str | None = None
    speed_mbit: float | None = None
    uri: str | None = None
    idle_w: float | None = None
    busy_w: float | None = None
    power: Power = field(default_factory=Power)

    @property
    def is_up(self) -> bool:
        """Tell whether VMs can run here now."""
        return self.state == "up"

    @property
    def kept(self) -> Resources:
        """What VMs do not get: the reserve, or what the host uses itself, where that is more."""
        reserve = Resources(memory_mib=self.memory_reserved_mib, cpu_usage=self.cpus_reserved)
        return self.own_use.at_least(reserve)

    @property
    def room_in_pages_mib(self) -> int:
        """What VMs may have in huge pages of all sizes, where those are counted."""
        return sum((self.hugepages_mib or {}).values()) if self.memory_in_pages_mib else 0

    @property
    def is_asleep(self) -> bool:
        """Tell whether Drover put it to sleep, so that Drover may wake it."""
        return self.state == "asleep"

    def emulator(self, path: str) -> Emulator | None:
        """Return the emulator at this path, or ``None``."""
        return next((e for e in self.emulators or () if e.path == path), None)
