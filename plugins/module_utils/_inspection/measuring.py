# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measuring the load of a host and its VMs, with what the host remembers.

The counters of the last reading give the true mean since then, without waiting. Where there are none, or they are too
young or too old to stand for the load now, the load is that of the time in which all else is read.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import time
import typing as t

from .._facts.history import Counters, Figures, History, Sample, history_facts, remember
from .._facts.load import continues, domain_cpu_usage, host_cpu_usage, is_same_process
from .._facts.memory import own_memory_mib
from .._facts.readings import LoadSample
from .._linux.history_file import read_history, write_history
from .._linux.memory import read_memory

# How old the counters may be of which the mean since then counts as the load now.
YOUNGEST_S, OLDEST_S = 60.0, 3600.0


class Load(t.NamedTuple):
    """What was measured: the CPUs that the host, and each running VM by UUID, kept busy over C(span_s).

    C(statistics) are those of all VMs, C(own_cpu) is what the host used beside them.
    """

    span_s: float
    statistics: dict[str, dict[str, t.Any]]
    cpu_usage: float | None
    own_cpu: float | None
    domains: dict[str, float]


class LoadMeter:
    """Takes the counters when it is made, and again when the load is asked for.

    Parameters
    ----------
    take : callable
        Reads the counters.
    directory : str or None
        Where the host keeps its history; None leaves the past aside.
    sleep : callable
        Waits for some seconds.
    boot_id : str
        Which boot of the host this is.
    wall_clock : callable
        Gives the seconds since the epoch.
    """

    def __init__(
        self,
        take: t.Callable[[], LoadSample],
        directory: str | None,
        sleep: t.Callable[[float], None],
        boot_id: str,
        wall_clock: t.Callable[[], float] = time.time,
    ) -> None:
        self._take_counters, self._sleep, self._wall_clock = take, sleep, wall_clock
        self._directory, self._boot_id = directory, boot_id
        self._history, problem = read_history(directory) if directory else (History(), None)
        self.problems = [problem] if problem else []
        self._first = take()
        self._second = self._first

    def load(self, sample_s: float, cpus: int) -> Load:
        """Return the load; waits only as long as it takes to know it of all VMs.

        Parameters
        ----------
        sample_s : float
            Seconds of the shortest sample.
        cpus : int
            CPUs of the host.
        """
        self._take()
        recent = self._since(YOUNGEST_S, OLDEST_S)
        if recent is None or not all(
            is_same_process(recent, self._second, uuid) for uuid in self._running
        ):
            missing_s = sample_s - (self._second.at_s - self._first.at_s)
            if missing_s > 0:
                self._sleep(missing_s)
                self._take()
        now = self._measured(self._first, cpus)
        if recent is None:
            return now
        past = self._measured(recent, cpus)
        return past._replace(domains={**now.domains, **past.domains})

    def remember(
        self,
        cpus: int,
        memory_used: t.Mapping[str, int | None],
        host: Figures,
        own_memory_mib: int | None,
        keep: bool,
    ) -> dict[str, t.Any]:
        """Add what happened since the last reading to the history.

        Parameters
        ----------
        memory_used : mapping
            Memory in use of running VMs in MiB by UUID, as far as it is known.
        host : Figures
            The host's memory in use; its CPUs are known here.
        own_memory_mib : int or None
            What of it VMs have not.
        keep : bool
            Whether to write it down.

        Returns
        -------
        dict
            The history as facts.

        Side Effects
        ------------
        Adds to C(problems) why it was not kept.
        """
        last = self._since(0.0, float("inf"))
        span = self._measured(last or self._first, cpus)
        domains = {
            uuid: Figures(span.domains.get(uuid), memory_used.get(uuid)) for uuid in self._running
        }
        at_s = self._wall_clock()
        sample = Sample(
            at_s,
            round(span.span_s, 3),
            host._replace(cpu_usage=span.cpu_usage),
            Figures(span.own_cpu, own_memory_mib),
            {uuid: figures for uuid, figures in domains.items() if figures != Figures()},
        )
        counters = Counters(self._boot_id, at_s, self._second)
        history = remember(self._history, counters, sample)
        problem = write_history(self._directory, history) if self._directory and keep else None
        self.problems += [problem] if problem else []
        return history_facts(history, at_s)

    def _take(self) -> None:
        self._second = self._take_counters()

    @property
    def _running(self) -> list[str]:
        return [uuid for uuid, found in self._second.domains.items() if found.get("id", -1) >= 0]

    def _since(self, youngest_s: float, oldest_s: float) -> LoadSample | None:
        """Return the counters of the last reading, if those of now go on from them and they are of such an age."""
        last = self._history.counters
        if last is None or last.boot_id != self._boot_id:
            return None
        age_s = self._second.at_s - last.read.at_s
        goes_on = continues(last.read, self._second) and youngest_s <= age_s <= oldest_s
        return last.read if goes_on else None

    def _measured(self, first: LoadSample, cpus: int) -> Load:
        """Return the load since a reading; a VM whose QEMU has started since the history's reading is not in it.

        What the host uses itself is not told of the time in which it is read: reading it takes a good part of that.
        """
        second = self._second
        span_s = second.at_s - first.at_s
        domains = {
            uuid: domain_cpu_usage(first, second, uuid)
            for uuid in self._running
            if first is self._first or is_same_process(first, second, uuid)
        }
        busy = host_cpu_usage(first, second, cpus)
        own = None
        if busy is not None and first is not self._first:
            own = round(max(0.0, busy - sum(domains.values())), 3)
        return Load(span_s, second.domains, busy, own, domains)


class OwnUse(t.NamedTuple):
    """The memory of a host in use in all, and without its VMs, in MiB."""

    used_mib: int | None
    own_mib: int | None


def measure_memory(of_domains: t.Iterable[int | None], told_mib: int | None) -> OwnUse:
    """Return the host's memory in use; what libvirt told where the kernel tells nothing.

    Parameters
    ----------
    of_domains : iterable of int or None
        What each running VM uses in MiB, None where that is not known.
    told_mib : int or None
        What libvirt told.
    """
    memory = read_memory()
    if memory is None:
        return OwnUse(told_mib, None)
    return OwnUse(memory.used_mib, own_memory_mib(memory, of_domains))
