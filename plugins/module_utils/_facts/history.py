# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host remembers of its load: counters of the last reading, and a ring of samples.

A sample is what happened between two readings, so a mean over samples is the true mean. It is told with its age and
not with its time of day, because the clocks of hosts differ, and jump.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import base64
import binascii
import json
import typing as t
import zlib

from .readings import LoadSample

# A sample that is shorter takes up the next one, so that many runs in a row are one sample.
SHORTEST_S = 240.0
# Above this many samples neighbours become one; the newest stay as they are.
MOST = 72
_UNTOUCHED = 24
KEPT_S = 8 * 86400.0
# Full histories of a thousand VMs are shorter than this when they are unpacked.
_LONGEST = 1 << 24
# What the wall clock may differ from the time since boot before it counts as set to another time.
_JUMP_S = 2.0
_COLUMNS = ("cpu_usage", "memory_used_mib", "own_cpu_usage", "own_memory_mib")

Number = t.Optional[float]


class Figures(t.NamedTuple):
    """Busy CPUs and MiB of memory in use, as a mean over a sample; None where it is not known."""

    cpu_usage: Number = None
    memory_used_mib: Number = None


class Sample(t.NamedTuple):
    """The load of a host over a time.

    C(at_s) is the end by the wall clock, in seconds since the epoch; C(own) is what the host uses beside its VMs;
    C(domains) are the running VMs by UUID.
    """

    at_s: float
    span_s: float
    host: Figures
    own: Figures
    domains: dict[str, Figures]


class Counters(t.NamedTuple):
    """A reading of the counters, with the boot that they count from and the time of the wall clock."""

    boot_id: str
    at_s: float
    read: LoadSample


class History(t.NamedTuple):
    """What a host remembers; C(samples) are in the order of time."""

    counters: Counters | None = None
    samples: tuple[Sample, ...] = ()


def remember(history: History, counters: Counters, sample: Sample) -> History:
    """Return a history that goes on with these counters and this sample."""
    samples = _at_right_times(history, counters)
    samples = [one for one in samples if counters.at_s - KEPT_S <= one.at_s <= counters.at_s + 1]
    last = samples[-1] if samples else None
    if last and last.span_s < SHORTEST_S and _follows(sample, last):
        samples[-1] = _joined(last, sample)
    else:
        samples.append(sample)
    return History(counters, tuple(_thinned(samples)))


def _at_right_times(history: History, counters: Counters) -> list[Sample]:
    """Return the samples as if the clock had always been what it is now.

    Only within one boot can it be told that somebody set it.
    """
    last = history.counters
    if last is None or last.boot_id != counters.boot_id:
        return list(history.samples)
    jump_s = (counters.at_s - last.at_s) - (counters.read.at_s - last.read.at_s)
    if abs(jump_s) <= _JUMP_S:
        return list(history.samples)
    return [one._replace(at_s=one.at_s + jump_s) for one in history.samples]


def _follows(sample: Sample, last: Sample) -> bool:
    return abs(sample.at_s - sample.span_s - last.at_s) <= SHORTEST_S


def _thinned(samples: list[Sample]) -> list[Sample]:
    """Return at most as many samples as are kept: the older, the coarser, and they reach as far back as before."""
    now_s = samples[-1].at_s

    def coarseness(first: int) -> float:
        """Return the length of two neighbours as one, as a part of the time since they began."""
        span_s = samples[first].span_s + samples[first + 1].span_s
        age_s = now_s - samples[first].at_s + samples[first].span_s
        return span_s / max(1.0, age_s)

    while len(samples) > MOST:
        first = min(range(len(samples) - _UNTOUCHED - 1), key=coarseness)
        samples[first : first + 2] = [_joined(samples[first], samples[first + 1])]
    return samples


def _joined(first: Sample, second: Sample) -> Sample:
    """Return two samples as one; each counts by its length."""
    spans = (first.span_s, second.span_s)
    uuids = [*first.domains, *(uuid for uuid in second.domains if uuid not in first.domains)]
    return Sample(
        second.at_s,
        sum(spans),
        _mean(first.host, second.host, spans),
        _mean(first.own, second.own, spans),
        {
            uuid: _mean(
                first.domains.get(uuid, Figures()), second.domains.get(uuid, Figures()), spans
            )
            for uuid in uuids
        },
    )


def _mean(first: Figures, second: Figures, spans: tuple[float, float]) -> Figures:
    return Figures(*(_weighted(pair, spans) for pair in zip(first, second)))


def _weighted(values: tuple[Number, Number], spans: tuple[float, float]) -> Number:
    known = [(value, span) for value, span in zip(values, spans) if value is not None]
    length_s = sum(span for _value, span in known)
    if not known:
        return None
    if not length_s:
        return known[-1][0]
    return round(sum(value * span for value, span in known) / length_s, 3)


def history_facts(history: History, now_s: float) -> dict[str, t.Any]:
    """Return the samples as facts: columns of equal length, the oldest sample first.

    C(age_s) is how long ago a sample ended. The columns of VMs that have left the host are there as well, so that
    those who have them now can be told their past.
    """
    ages = [round(max(0.0, now_s - sample.at_s), 1) for sample in history.samples]
    return {"age_s": ages, **_columns(history.samples)}


def _columns(samples: t.Sequence[Sample]) -> dict[str, t.Any]:
    rows = [(*sample.host, *sample.own) for sample in samples]
    uuids = sorted({uuid for sample in samples for uuid in sample.domains})
    return {
        "span_s": [round(sample.span_s, 1) for sample in samples],
        **{name: _column(name, [r[place] for r in rows]) for place, name in enumerate(_COLUMNS)},
        "domains": {uuid: _of_domain(uuid, samples) for uuid in uuids},
    }


def _of_domain(uuid: str, samples: t.Sequence[Sample]) -> dict[str, list[Number]]:
    figures = [sample.domains.get(uuid, Figures()) for sample in samples]
    return {
        name: _column(name, [getattr(one, name) for one in figures]) for name in Figures._fields
    }


def _column(name: str, values: t.Sequence[Number]) -> list[Number]:
    """Return whole MiB, or hundredths of CPUs."""
    if name.endswith("_mib"):
        return [None if value is None else round(value) for value in values]
    return [None if value is None else round(value, 2) for value in values]


def format_history(history: History) -> str:
    """Return a history as the text of its file."""
    counters = history.counters
    document = {
        "counters": counters
        and {
            "boot_id": counters.boot_id,
            "at_s": round(counters.at_s, 3),
            "up_s": round(counters.read.at_s, 3),
            "host": counters.read.host,
            "domains": {
                uuid: [found["id"], found["cpu.time"]]
                for uuid, found in counters.read.domains.items()
                if found.get("id", -1) >= 0 and "cpu.time" in found
            },
        },
        "samples": _packed(
            {
                "at_s": [round(sample.at_s, 1) for sample in history.samples],
                **_columns(history.samples),
            }
        ),
    }
    return json.dumps(document, separators=(",", ":")) + "\n"


def _packed(columns: dict[str, t.Any]) -> str:
    text = json.dumps(columns, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _unpacked(packed: str) -> dict[str, t.Any]:
    """Return what was packed.

    Raises
    ------
    ValueError
        It is damaged, or longer than a history gets.
    """
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(base64.b64decode(packed, validate=True), _LONGEST)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("its samples are damaged") from error
    if not unpacking.eof:
        raise ValueError("its samples are cut off, or too long")
    return dict(json.loads(text))


def parse_history(text: str) -> History:
    """Read the text of a history's file.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        document = json.loads(text)
        samples = tuple(_parse_samples(_unpacked(document["samples"])))
        return History(_parse_counters(document["counters"]), samples)
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError) as error:
        raise ValueError("it is not a history of load") from error


def _parse_counters(entry: dict[str, t.Any] | None) -> Counters | None:
    if entry is None:
        return None
    host = {str(key): int(_number(value)) for key, value in entry["host"].items()}
    domains = {
        str(uuid): {"id": int(_number(number)), "cpu.time": int(_number(spent))}
        for uuid, (number, spent) in entry["domains"].items()
    }
    read = LoadSample(_number(entry["up_s"]), host, domains)
    return Counters(str(entry["boot_id"]), _number(entry["at_s"]), read)


def _parse_samples(document: dict[str, t.Any]) -> t.Iterator[Sample]:
    columns = [document[name] for name in ("at_s", "span_s", *_COLUMNS)]
    of_domains = {
        str(uuid): [entry[name] for name in Figures._fields]
        for uuid, entry in document["domains"].items()
    }
    lengths = {len(column) for one in (columns, *of_domains.values()) for column in one}
    if len(lengths) != 1:
        raise ValueError("its columns differ in length")
    for row in range(lengths.pop()):
        at_s, span_s, *others = (column[row] for column in columns)
        figures = [_number_or_none(value) for value in others]
        domains = {
            uuid: Figures(*(_number_or_none(column[row]) for column in pair))
            for uuid, pair in of_domains.items()
        }
        yield Sample(
            _number(at_s),
            _number(span_s),
            Figures(*figures[:2]),
            Figures(*figures[2:]),
            {uuid: one for uuid, one in domains.items() if one != Figures()},
        )


def _number_or_none(value: t.Any) -> Number:
    return None if value is None else _number(value)


def _number(value: t.Any) -> float:
    """Return a number as the counters and means are; NaN is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e20:
        raise ValueError("it has something else in the place of a number")
    return value
