# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of the cluster after the last migration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GONE = "gone"
"""The state of a VM that no host has, in the place of one of libvirt's."""


@dataclass(frozen=True, kw_only=True)
class SeenVm:
    """A VM that a host has.

    Attributes
    ----------
    host
        Empty for a VM that no host has.
    state
        In libvirt's words, or ``gone``.
    """

    name: str
    uuid: str
    host: str
    active: bool
    state: str

    def is_same(self, step: Mapping[str, Any]) -> bool:
        """Tell whether a step is about this VM: by its UUID, or by its name where the plan knows no UUID."""
        return bool(self.uuid == step["uuid"] if step["uuid"] else self.name == step["domain"])


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The VMs of the hosts that were looked at.

    Attributes
    ----------
    vms
        By host; ``None`` for a host that did not answer.
    """

    vms: Mapping[str, tuple[SeenVm, ...] | None]

    @property
    def silent(self) -> tuple[str, ...]:
        """The hosts that did not answer."""
        return tuple(sorted(name for name, vms in self.vms.items() if vms is None))

    def active_on(self, host: str) -> tuple[SeenVm, ...]:
        """Return what runs on a host, or is paused there; nothing where it did not answer."""
        return tuple(vm for vm in self.vms.get(host) or () if vm.active)

    def find(self, step: Mapping[str, Any]) -> SeenVm | None:
        """Return a step's VM, rather where it is active; ``None`` where only a silent host may have it."""
        found = sorted(self._all(step), key=lambda vm: (not vm.active, vm.host))
        if found:
            return found[0]
        if self.silent:
            return None
        return SeenVm(
            name=step["domain"], uuid=step["uuid"] or "", host="", active=False, state=GONE
        )

    def _all(self, step: Mapping[str, Any]) -> Iterator[SeenVm]:
        for vms in self.vms.values():
            yield from (vm for vm in vms or () if vm.is_same(step))


def read_sight(document: Mapping[str, Any]) -> Sight:
    """Return what ``plan_apply`` saw of the hosts: for each a list of VMs, or null."""
    return Sight(
        vms={
            host: None if vms is None else tuple(SeenVm(host=host, **vm) for vm in vms)
            for host, vms in document.items()
        }
    )
