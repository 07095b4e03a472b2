# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover simulate``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import add_documents
from ..errors import InputError
from ..files import read_document, write_document

if TYPE_CHECKING:
    from .run import Record
    from .strategy import Strategy
    from .trace import Trace

GOALS = ("consolidate", "balance")
TRACE = (
    "a folder with a file per VM (a number from 0 to 100 per line), or a CSV with a column per VM"
)
START = (
    "when the first step is (2026-11-24T00:00+01:00): then windows count, and VMs that moved rest"
)
EVIDENCE = "steps whose peaks decide about emptying a host (default 8: 40 minutes)"


def add_simulate(commands: Any) -> None:
    """Add the command to the parser of ``drover``."""
    parser = commands.add_parser(
        "simulate", help="play a day of load through the policy, with power and cost"
    )
    add_documents(parser)
    parser.add_argument("--trace", required=True, metavar="PATH", help=TRACE)
    parser.add_argument(
        "--goal",
        action="append",
        choices=GOALS,
        help="what to do in each step; repeatable (default consolidate)",
    )
    parser.add_argument(
        "--step",
        type=float,
        default=300.0,
        metavar="S",
        help="seconds between samples (default 300)",
    )
    parser.add_argument("--start", metavar="T", help=START)
    parser.add_argument("--steps", type=int, metavar="N", help="simulate only the first N steps")
    parser.add_argument("--evidence", type=int, default=8, metavar="N", help=EVIDENCE)
    parser.add_argument(
        "--spare", type=int, default=0, metavar="N", help="empty hosts that stay on (default 0)"
    )
    parser.add_argument("--price", type=float, metavar="P", help="price of a kWh, to show costs")
    parser.add_argument("--out", metavar="FILE", help="write all steps here (JSON)")
    parser.set_defaults(run=run_simulate)


def run_simulate(options: argparse.Namespace) -> None:
    """Simulate doing nothing and every goal, and print the comparison."""
    from .power import is_known
    from .report import document, render_totals
    from .run import total

    _check(options)
    facts = read_document(options.facts)
    policy = read_document(options.policy) if options.policy else None
    records = _simulate(options, facts, policy, read_trace(Path(options.trace)))
    totals = {name: total(entries, options.step) for name, entries in records.items()}
    if options.out:
        write_document(options.out, document(records, totals, options.step))
    for line in render_totals(totals, options.price):
        print(line)
    if unknown := sum(not is_known(host) for host in facts["hosts"]):
        print(
            f"Note: the facts lack the power of {unknown} hosts (idle_w, busy_w): a small server's is taken."
        )


def _simulate(
    options: argparse.Namespace,
    facts: dict[str, Any],
    policy: Mapping[str, Any] | None,
    trace: Trace,
) -> dict[str, list[Record]]:
    from ..cluster.parse import parse_cluster
    from ..policy.time_frame import parse_moment
    from .run import run
    from .world import Clock, World

    clock = Clock(parse_moment(options.start, "--start"), options.step) if options.start else None

    names = sorted(parse_cluster(facts).placed)
    series = trace.of_domains(names)
    steps = min(trace.steps, options.steps or trace.steps)
    return {
        name: list(run(World(facts, series, policy, clock), strategy, steps, options.step))
        for name, strategy in _strategies(options, policy).items()
    }


def _strategies(
    options: argparse.Namespace, policy: Mapping[str, Any] | None
) -> dict[str, Strategy]:
    from .report import UNDONE
    from .strategy import Balancing, Consolidating, nothing

    known: dict[str, Strategy] = {
        "consolidate": Consolidating(
            policy=policy,
            goal={"goal": "consolidate"},
            evidence=options.evidence,
            spare=options.spare,
        ),
        "balance": Balancing(policy=policy, goal={"goal": "balance"}),
    }
    return {UNDONE: nothing, **{name: known[name] for name in options.goal or ["consolidate"]}}


def read_trace(path: Path) -> Trace:
    """Read a folder of traces or a table.

    Raises
    ------
    InputError
        It cannot be read, or is no trace.
    """
    from ..importers.source import Source
    from .trace import from_files, from_table

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
    if not options.step > 0:
        raise InputError("--step must be more than 0.")
    for name, least in (("steps", 1), ("evidence", 1), ("spare", 0), ("price", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise InputError(f"--{name} must be at least {least}.")
