# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heartbeats: which guest ticked where and when, and whether it ran exactly once.

A guest writes "beat BOOT COUNT" lines to its serial port, which its host keeps in a file. Pid 1
of the host looks there every 50 ms and writes "TIME BOOT COUNT" to a second one: the guest's own
clock would be wrong after a migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.lab.errors import ContinuityError

GUEST_LOGS = Path("/var/log/guests")
BEAT_RESOLUTION_S = 0.05

_BEAT = re.compile(rb"beat ([0-9a-f]{8}) (\d+)\r?\n")
# a stamp may be late by as much as pid 1 of its host is, on a busy machine
_STAMP_TOLERANCE_S = 2.0


@dataclass(frozen=True)
class Beat:
    """One heartbeat.

    Parameters
    ----------
    time_s
        When the host saw it, seconds since 1970, good to 50 ms on an idle machine.
    host
        Where.
    boot
        Which start of the guest.
    count
        The guest's counter.
    """

    time_s: float
    host: str
    boot: str
    count: int


@dataclass(frozen=True)
class Continuity:
    """Proof that a guest ran exactly once.

    Parameters
    ----------
    beats
        How many heartbeats were seen.
    hosts
        Where, in the order of time, one entry per stay.
    longest_gap_s
        Longest time between two heartbeats.
    """

    beats: int
    hosts: tuple[str, ...]
    longest_gap_s: float


class BeatRecorder:
    """Stamps the heartbeats that arrive in the serial logs of a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read = {log: log.stat().st_size for log in directory.glob("*.serial")}
        self._rest: dict[Path, bytes] = {}

    def record(self, now_s: float) -> None:
        """Write down what arrived since the last call."""
        for log in self._directory.glob("*.serial"):
            # it may be removed at any moment, and nobody else catches what pid 1 raises
            with suppress(FileNotFoundError):
                if log.stat().st_size != self._read.get(log, 0):
                    self._record(log, now_s)

    def _record(self, log: Path, now_s: float) -> None:
        with log.open("rb") as serial:
            # shorter than before: removed and made again
            start = self._read.get(log, 0)
            serial.seek(start if start <= log.stat().st_size else 0)
            data = self._rest.get(log, b"") + serial.read()
            self._read[log] = serial.tell()
        end = data.rfind(b"\n") + 1
        self._rest[log] = data[end:][-100:]
        found = _BEAT.findall(data, 0, end)
        lines = (f"{now_s:.3f} {boot.decode()} {int(count)}\n" for boot, count in found)
        with log.with_suffix(".beats").open("a") as beats:
            beats.writelines(lines)


def read_beats(log: Path, host: str) -> list[Beat]:
    """Return the heartbeats that a host wrote down for one guest."""
    try:
        lines = log.read_text().splitlines()
    except FileNotFoundError:
        return []
    fields = (line.split() for line in lines)
    return [Beat(float(time), host, boot, int(count)) for time, boot, count in fields]


def last_beat_s(seen: Mapping[str, list[Beat]]) -> float | None:
    """Return when the newest beat was seen, by whichever host, or None when none was."""
    return max((beat.time_s for beats in seen.values() for beat in beats), default=None)


def check_continuity(beats: Iterable[Beat]) -> Continuity:
    """Judge whether a guest ran exactly once.

    It did when it was started once, and its counter never came twice, which it does as soon as
    two copies run, nor went back as time went on.

    Raises
    ------
    ContinuityError
        When it did not, with what is wrong.
    """
    ordered = sorted(beats, key=lambda beat: beat.count)
    if not ordered:
        raise ContinuityError("no heartbeat was seen")
    boots = sorted({beat.boot for beat in ordered})
    if len(boots) > 1:
        raise ContinuityError(f"the guest was started {len(boots)} times: boots {', '.join(boots)}")
    for earlier, later in pairwise(ordered):
        _check_pair(earlier, later)
    stays = [beat.host for beat in ordered]
    return Continuity(
        beats=len(ordered),
        hosts=(stays[0], *(after for before, after in pairwise(stays) if before != after)),
        longest_gap_s=max((b.time_s - a.time_s for a, b in pairwise(ordered)), default=0.0),
    )


def _check_pair(earlier: Beat, later: Beat) -> None:
    if earlier.count == later.count:
        raise ContinuityError(
            f"two copies ran: beat {later.count} was seen on {earlier.host} at "
            f"{earlier.time_s:.3f} and on {later.host} at {later.time_s:.3f}"
        )
    if later.time_s < earlier.time_s - _STAMP_TOLERANCE_S:
        raise ContinuityError(
            f"the counter went back: beat {later.count} on {later.host} came "
            f"{earlier.time_s - later.time_s:.1f} s before beat {earlier.count} on {earlier.host}"
        )
