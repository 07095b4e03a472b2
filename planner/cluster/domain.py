# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM as its facts describe it. ``None`` means unknown, and unknown restricts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .history import Figures
from .resources import Resources

PLACED_STATES = frozenset({"running", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A reason from the definition or the state why a VM cannot be live-migrated anywhere."""

    code: str
    message: str
    remedy: str = ""

    @property
    def in_sentence(self) -> str:
        """Message and remedy as parts of a longer sentence, without capitals and full stops of their own."""
        return "; ".join(_as_part(text) for text in (self.message, self.remedy) if text)


def _as_part(sentence: str) -> str:
    first, blank, rest = sentence.partition(" ")
    start = first.lower() if first.istitle() else first
    return f"{start}{blank}{rest}".rstrip(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A disk of a VM; ``storage`` is the path of the host's storage that holds it."""

    target: str
    type: str = "file"
    path: str | None = None
    storage: str | None = None
    storage_known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMigration:
    """When a VM moved last, or when a migration of it failed."""

    at: datetime
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A libvirt domain.

    Attributes
    ----------
    cpu_usage
        vCPUs busy.
    memory_used_mib, dirty_rate_mib_s
        Memory in use, and memory rewritten per second, where measured.
    load
        What monitoring knows of its load.
    priority
        A VM of a higher priority is moved later and brought back earlier.
    job
        An active libvirt job, such as a migration under way.
    hugepages_kib, is_in_pages
        The size of its pages, where its definition asks for huge ones; whether its memory is counted in those,
        and not in the normal memory of hosts.
    name_taken_on
        Hosts that define another VM of this name.
    refused_by
        Hosts where a preflight has found that it cannot run, with the reason.
    """

    name: str
    host: str
    vcpus: int
    memory_mib: int
    cpu_usage: float
    uuid: str | None = None
    state: str = "running"
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    memory_used_mib: int | None = None
    dirty_rate_mib_s: float | None = None
    load: Figures | None = None
    blockers: tuple[Blocker, ...] = ()
    arch: str | None = None
    domain_type: str | None = None
    emulator: str | None = None
    machine: str | None = None
    cpu_mode: str | None = None
    cpu_model: str | None = None
    cpu_features: frozenset[str] = frozenset()
    bridges: tuple[str, ...] = ()
    direct_interfaces: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    disks: tuple[Disk, ...] = ()
    hugepages_kib: int | None = None
    is_in_pages: bool = False
    job: Mapping[str, object] | None = None
    name_taken_on: frozenset[str] = frozenset()
    refused_by: Mapping[str, str] = field(default_factory=dict)
    last_migration: LastMigration | None = None

    @property
    def is_placed(self) -> bool:
        """Tell whether it occupies its host (running or paused)."""
        return self.state in PLACED_STATES

    @property
    def demand(self) -> Resources:
        """What it takes from the host that runs it."""
        return Resources(0 if self.is_in_pages else self.memory_mib, self.vcpus, self.cpu_usage)

    @property
    def pages_mib(self) -> int:
        """Its memory in whole huge pages."""
        size = self.hugepages_kib or 1
        return -(-self.memory_mib * 1024 // size) * size // 1024

    @property
    def job_destination(self) -> str | None:
        """The host that a migration under way goes to, where known."""
        destination = (self.job or {}).get("destination")
        return destination if isinstance(destination, str) else None
