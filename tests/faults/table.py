# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.faults.row import Expected, Row
from tests.faults.run import SeenRun
from tests.faults.runner import Seen
from tests.faults.stock import Stock

_HEAD = """\
<!--
Copyright: (c) 2026, The Drover authors
SPDX-License-Identifier: GPL-3.0-or-later
Written by `make faults`; do not edit.
-->
# What Drover does when something goes wrong

Each row is a fault that was made on real libvirt and QEMU while Drover's own migration code moved a
VM from one host to another. The fault comes at a moment that is waited for, never after a time.
After each row these were checked without Drover:

- the VM ran at most once at every moment (its heartbeats, ten a second, counted on both hosts);
- it is defined once, with its autostart, and runs where it could live;
- the outcome, an error code, a reason and a remedy were told;
- nothing is left behind: no process, definition, job, saved state or file on the shared storage;
- a second migration, or the way back, succeeds.

At the end are whole playbooks around which the world changes: owners start, stop, remove and move
their VMs, disks get full. They have to say what holds at the end, and to succeed when run again.

The lab's daemons take a peer for dead after 6 s of silence (keepalive 1 s x 5) instead of libvirt's
30 s; the meaning is the same and a row takes less time. Where it says "settled", a second run
of the migration was due before the states were read, because the first one was killed or
did not know.

[soak.md](soak.md) has migrations in a row with these faults at random, of VMs that are there all the time.

Each row shows its newest result; `python -m tests.faults ROW --report docs/faults.md` plays one again.

"""


def table(seen: Sequence[Seen], beside: Sequence[Stock], runs: Sequence[SeenRun]) -> str:
    """Return the whole report."""
    every: list[Seen | SeenRun] = [*seen, *runs]
    passed = sum(each.passes for each in every)
    parts = [
        _HEAD,
        f"{passed} of {len(every)} rows pass.\n\n",
        *_beside(seen, beside),
        *_rows(seen),
    ]
    return "".join([*parts, *_runs(runs), *_failures(every)])


def _runs(runs: Sequence[SeenRun]) -> Iterable[str]:
    if not runs:
        return
    yield "## Whole runs around which the world changes\n\n"
    yield _line("row", "what happens", "when", "run", "exit code", "it said", "row took", "")
    yield _line(*["---"] * 8)
    for each in runs:
        row = each.row
        yield _line(
            row.name,
            row.fault,
            "before it begins" if row.early else "mid-copy of the first VM",
            " ".join(word.removeprefix("drover.libvirt.") for word in row.command if word != "-e"),
            str(each.code),
            each.sentence or "success",
            f"{each.duration_s:.1f} s",
            "ok" if each.passes else "**FAILS**",
        )
    yield "\n"


def _beside(seen: Sequence[Seen], beside: Sequence[Stock]) -> Iterable[str]:
    if not beside:
        return
    yield "## Beside plain virsh migrate\n\n"
    yield _line("fault", "when", "virsh migrate --live --p2p", "Drover")
    yield _line(*["---"] * 4)
    ours = {each.row.name: each for each in seen}
    for stock in beside:
        row = stock.row
        yield _line(row.fault, row.moment.value, _theirs(stock), _ours(ours[row.name]))
    yield "\n"


def _theirs(stock: Stock) -> str:
    states = f"source {stock.source}, destination {stock.destination}"
    verdict = f"**ran twice**: {stock.twice[0]}" if stock.twice else "ran once"
    return f"{verdict}; {states}; it said: {stock.said}"


def _ours(seen: Seen) -> str:
    return f"{'ran once' if seen.passes else 'FAILED'}; {_states(seen)}; {seen.outcome}"


def _rows(seen: Sequence[Seen]) -> Iterable[str]:
    yield "## All rows\n\n"
    yield _line("row", "fault", "when", "VM", "expected", "seen", "verdict after", "row took", "")
    yield _line(*["---"] * 9)
    for each in seen:
        row = each.row
        yield _line(
            row.name,
            row.fault + (f" ({row.note})" if row.note else ""),
            row.moment.value,
            row.vm.kind,
            _expected(row),
            _seen(each),
            f"{each.migration_s:.1f} s" if each.migration_s else "",
            f"{each.duration_s:.1f} s",
            "ok" if each.passes else "**FAILS**",
        )
    yield "\n"


def _expected(row: Row) -> str:
    expected: Expected = row.expected
    told = [_or(expected.outcome), *([_or(expected.code)] if expected.code else [])]
    states = f"source {_or(expected.source)}, destination {_or(expected.destination)}"
    return f"{' / '.join(told)}; {'settled: ' if row.settles else ''}{states}"


def _or(words: str) -> str:
    return " or ".join(word or "none" for word in words.split("|"))


def _seen(seen: Seen) -> str:
    told = " / ".join(word for word in (seen.outcome, seen.code) if word)
    reason = f": {seen.reason}" if seen.reason else ""
    return f"{told}{reason}; {_states(seen)}"


def _states(seen: Seen) -> str:
    return f"source {seen.source or 'unknown'}, destination {seen.destination or 'unknown'}"


def _failures(seen: Sequence[Seen | SeenRun]) -> Iterable[str]:
    failed = [each for each in seen if not each.passes]
    if failed:
        yield "## What fails\n\n"
    for each in failed:
        yield f"- {each.row.name}: {'; '.join(each.faults)}\n"


def _line(*cells: str) -> str:
    clean = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(clean)} |\n"
