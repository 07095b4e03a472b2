# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover simulate``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .answering import add_json, answer
from .arguments import add_documents
from .files import read_document, write_document

if TYPE_CHECKING:
    from ..simulation.run import Record
    from ..simulation.trace import Trace

STRATEGIES = ("power_saving", "nightly", "balance")
TRACE = (
    "a folder with a file per VM (a number from 0 to 100 per line), or a CSV with a column per VM"
)
MONDAY = "2026-01-05T00:00:00+00:00"
START = (
    f"when the first step is, for windows and for how long hosts sleep (default {MONDAY}, a Monday)"
)
STRATEGY = "a playbook or a balance; repeatable (default: power_saving, or nightly where the policy has a night)"
EFFORT = "how hard plans are looked for: 1 is hasty (default), 5 thorough; the playbooks use 3"


def add_simulate(commands: Any) -> None:
    """Add the command to the parser of ``drover``."""
    parser = commands.add_parser(
        "simulate", help="play days of load through power saving, with energy and cost"
    )
    add_documents(parser)
    parser.add_argument("--trace", required=True, metavar="PATH", help=TRACE)
    parser.add_argument("--strategy", action="append", choices=STRATEGIES, help=STRATEGY)
    parser.add_argument(
        "--step",
        type=float,
        default=300.0,
        metavar="S",
        help="seconds between samples (default 300)",
    )
    parser.add_argument(
        "--every",
        type=float,
        default=600.0,
        metavar="S",
        help="seconds from run to run (default 600)",
    )
    parser.add_argument("--start", default=MONDAY, metavar="T", help=START)
    parser.add_argument("--steps", type=int, metavar="N", help="simulate only the first N steps")
    parser.add_argument("--effort", type=int, default=1, metavar="1-5", help=EFFORT)
    parser.add_argument("--price", type=float, metavar="P", help="price of a kWh, to show costs")
    parser.add_argument("--out", metavar="FILE", help="write all steps here (JSON)")
    add_json(parser)
    parser.set_defaults(run=run_simulate)


def run_simulate(options: argparse.Namespace) -> None:
    """Simulate doing nothing and every strategy, and print the comparison."""
    from ..pipeline import plain
    from ..simulation.report import document, render_totals
    from ..simulation.run import total

    _check(options)
    facts = plain(read_document(options.facts))
    policy = plain(read_document(options.policy)) if options.policy else None
    records = _simulate(options, facts, policy)
    totals = {name: total(entries, options.step) for name, entries in records.items()}
    notes = list(_assumed(facts))
    found = document(records, totals, options.step, options.price, notes)
    if options.out:
        write_document(options.out, found)
    lines = [*render_totals(totals, options.price), *(f"Note: {note}" for note in notes)]
    answer(options, found, lambda _found: "".join(f"{line}\n" for line in lines))


def _simulate(
    options: argparse.Namespace, facts: dict[str, Any], policy: Mapping[str, Any] | None
) -> dict[str, list[Record]]:
    from ..policy.time_frame import parse_moment
    from ..power.policy import parse_power
    from ..simulation.problems import Problems
    from ..simulation.report import UNDONE
    from ..simulation.run import run
    from ..simulation.strategy import nothing, strategy
    from ..simulation.world import World

    start, power = parse_moment(options.start, "--start"), parse_power(policy)
    problems = Problems(facts, policy, start)
    trace = read_trace(Path(options.trace))
    series = trace.of_domains(sorted(problems.snapshot.placed))
    steps = min(trace.steps, options.steps or trace.steps)
    names = options.strategy or ["nightly" if power.night else "power_saving"]
    found = {}
    for name in (UNDONE, *dict.fromkeys(names)):
        world = World(facts, problems.snapshot, series, start, options.step)
        chosen = nothing if name == UNDONE else strategy(name, problems, power, options.effort)
        found[name] = list(run(world, chosen, steps, options.step, options.every))
    return found


def _assumed(facts: Mapping[str, Any]) -> Iterable[str]:
    """Say what is taken for granted that the facts do not tell."""
    from ..power.decide import BOOT_S
    from ..simulation.power import is_known

    powers = [host.get("power") or {} for host in facts["hosts"]]
    if unknown := sum(not is_known(host) for host in facts["hosts"]):
        yield f"the facts lack the power of {unknown} hosts (idle_w, busy_w): a small server's is taken."
    if unproven := sum(not (power.get("method") and power.get("proven")) for power in powers):
        yield f"{unproven} hosts count as if power_test had proved that they can be woken."
    if slow := sum(power.get("boot_s") is None for power in powers):
        yield f"the facts do not tell how long {slow} hosts take to boot: {BOOT_S:g} s are taken."


def read_trace(path: Path) -> Trace:
    """Read a folder of traces or a table.

    Raises
    ------
    InputError
        It cannot be read, or is not a trace.
    """
    from ..importers.source import Source
    from ..simulation.trace import from_files, from_table

    try:
        files = (
            sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
        )
        sources = [Source(str(file), file.read_text(encoding="utf-8")) for file in files]
    except OSError as error:
        raise InputError(f"Cannot read the trace {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"Cannot read the trace {path}: it is not UTF-8 text.") from error
    return from_files(sources) if path.is_dir() else from_table(sources[0])


def _check(options: argparse.Namespace) -> None:
    for name in ("step", "every"):
        if not getattr(options, name) > 0:
            raise InputError(f"--{name} must be more than 0.")
    for name, least in (("steps", 1), ("price", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise InputError(f"--{name} must be at least {least}.")
    if options.effort not in range(1, 6):
        raise InputError("--effort must be from 1 to 5.")
