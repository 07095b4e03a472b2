# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover fleet``: it reads the folder, hands the clusters out and writes their plans as they come."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Infeasible, InputError, PlanningError
from .answering import add_json, answer
from .arguments import add_time, time_told
from .files import read_document, write_document

if TYPE_CHECKING:
    from ..fleet.folder import ClusterFiles
    from ..fleet.work import ClusterOutcome, ClusterTask

SUMMARY = "summary.json"
FOLDER = "per cluster its facts, NAME.json; beside it, if wanted, NAME.policy.yml and NAME.goal.yml"


def add_fleet(commands: Any, goals: tuple[str, ...]) -> None:
    """Add the command to the parser of ``drover``."""
    parser = commands.add_parser("fleet", help="plan many clusters, each on its own")
    parser.add_argument(
        "folder",
        metavar="DIR",
        help=FOLDER,
    )
    parser.add_argument(
        "--goal", required=True, choices=goals, help="goal of every cluster without a NAME.goal.yml"
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="write every NAME.plan.json and a summary here",
    )
    parser.add_argument(
        "--executor", default="local", metavar="WHERE", help="local (default), or dask://HOST:PORT"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes of this machine (default: one a core)"
    )
    add_time(parser)
    add_json(parser)
    parser.set_defaults(run=run_fleet)


def run_fleet(options: argparse.Namespace) -> None:
    """Plan all clusters of a folder.

    Raises
    ------
    Infeasible
        At least one cluster has no plan; the table says which and why.
    """
    from ..fleet.summary import render_summary, summary_document

    out = _out_folder(options.out)
    outcomes = []
    for outcome in _outcomes(options, out):
        outcomes.append(outcome)
        if outcome.plan is not None:
            write_document(str(out / f"{outcome.name}.plan.json"), outcome.plan)
    summary = summary_document(outcomes)
    write_document(str(out / SUMMARY), summary)
    answer(options, summary, lambda _summary: render_summary(outcomes))
    if without := sorted(outcome.name for outcome in outcomes if outcome.plan is None):
        raise Infeasible(
            f"{len(without)} of {len(outcomes)} clusters have no plan: {', '.join(without)}."
        )


def _outcomes(options: argparse.Namespace, out: Path) -> Iterator[ClusterOutcome]:
    """Return the outcomes as they come, first those whose documents cannot even be read."""
    from ..fleet.dispatch import plan_all
    from ..fleet.executors import opener, processes
    from ..fleet.work import INPUT, ClusterOutcome

    if options.workers is not None and options.workers < 1:
        raise InputError("--workers must be at least 1.")
    now = time_told(options)
    open_executor = opener(options.executor, options.workers)
    tasks = []
    for files in _clusters(Path(options.folder)):
        # An older plan beside a failure of today would be taken for today's.
        (out / f"{files.name}.plan.json").unlink(missing_ok=True)
        try:
            tasks.append(_task(Path(options.folder), files, options.goal, now))
        except PlanningError as error:
            yield ClusterOutcome(name=files.name, state=INPUT, message=error.message)
    if tasks:
        yield from plan_all(tasks, open_executor, lambda: processes(1))


def _task(folder: Path, files: ClusterFiles, goal: str, now: str) -> ClusterTask:
    from ..fleet.work import ClusterTask

    wanted = _read(folder, files.goal) or {"goal": goal}

    return ClusterTask(
        name=files.name,
        facts=_read(folder, files.facts),
        policy=_read(folder, files.policy),
        goal={"now": now, **wanted} if isinstance(wanted, dict) else wanted,
    )


def _read(folder: Path, name: str | None) -> Any:
    return read_document(str(folder / name)) if name else None


def _clusters(folder: Path) -> list[ClusterFiles]:
    from ..fleet.folder import clusters_among

    try:
        found = clusters_among(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        raise InputError(f"Cannot read the folder {folder}: {error.strerror}.") from error
    if not found:
        raise InputError(f"There is no facts file (NAME.json) in the folder {folder}.")
    return found


def _out_folder(name: str) -> Path:
    try:
        Path(name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"Cannot make the folder {name}: {error.strerror}.") from error
    return Path(name)
