# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds which token and how much memory, while migrations run.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import collections

from .steps import Step, Work


class Ledger:
    """Tokens per host and for the cluster, and the memory that VMs hold on each host.

    While a VM migrates its memory is held at both ends. When it has moved, the source's share is
    free; when it stayed, the destination's is. When nobody knows, both stay held: too careful is
    the only safe side.
    """

    def __init__(self, work: Work) -> None:
        self._limits = work.limits
        self._limit_mib = {name: host.memory_limit_mib for name, host in work.hosts.items()}
        self._held_mib = {name: host.memory_mib for name, host in work.hosts.items()}
        self._running: collections.Counter[str] = collections.Counter()
        self._running_total = 0

    def obstacle(self, step: Step) -> str:
        """Return why C(step) cannot start now, as a short phrase; empty when it can."""
        if self._running_total >= self._limits.cluster:
            return "{0} migrations are running in the cluster".format(self._running_total)
        for name in step.ends:
            if self._running[name] >= self._limits.per_host:
                return "{0} takes part in {1} already".format(name, self._running[name])
        return self._shortage(step)

    def _shortage(self, step: Step) -> str:
        limit = self._limit_mib[step.destination]
        if limit is None:
            return ""
        missing = self._held_mib[step.destination] + step.memory_mib - limit
        if missing <= 0:
            return ""
        return "{0} lacks {1} MiB of room".format(step.destination, missing)

    def take(self, step: Step) -> None:
        """Hold the tokens and the destination's memory for a migration that starts."""
        self._running_total += 1
        self._running.update(step.ends)
        self._held_mib[step.destination] += step.memory_mib

    def give_back(self, step: Step, moved: bool | None, overtaken: bool = False) -> None:
        """Release what C(step) held.

        C(moved) is None when nobody knows where the VM is now, or, when C(overtaken), that it is on neither host.
        """
        self._running_total -= 1
        self._running.subtract(step.ends)
        if overtaken:
            for name in step.ends:
                self._held_mib[name] -= step.memory_mib
        elif moved is not None:
            self._held_mib[step.source if moved else step.destination] -= step.memory_mib
