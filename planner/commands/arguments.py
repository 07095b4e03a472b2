# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that several commands of ``drover`` share, and the goal that they describe."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from ..errors import InputError

GOALS = ("evacuate", "restore", "migrate", "balance", "consolidate", "repair", "expand")


def add_documents(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the input files."""
    parser.add_argument(
        "--facts", required=True, metavar="FILE", help="facts of all hosts and VMs (JSON or YAML)"
    )
    parser.add_argument(
        "--policy", metavar="FILE", help="policy (YAML or JSON); without it the defaults"
    )


def add_goal_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say more about a goal."""
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="H",
        help="host to empty or bring back; repeatable",
    )
    parser.add_argument(
        "--no-maintenance",
        action="store_true",
        help="of an evacuation: keep the rules that maintenance may bend, as power_saving does",
    )
    parser.add_argument(
        "--domain",
        action="append",
        default=[],
        metavar="D",
        help="VM to move or bring back; repeatable",
    )
    parser.add_argument("--destination", metavar="H", help="host that the VM goes to")
    parser.add_argument(
        "--demand", type=float, metavar="X", help="of an expansion: multiple of the load now"
    )
    parser.add_argument(
        "--aggressiveness", type=int, metavar="1-5", help="of a balance: 1 is timid, 5 thorough"
    )
    parser.add_argument(
        "--curve",
        action="store_true",
        help="of a balance or a consolidation: show what fewer migrations would do",
    )
    parser.add_argument(
        "--effort",
        type=int,
        metavar="1-5",
        help="how hard to look for a better plan: 1 is hasty, 5 thorough (default 3)",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help="take the best plan found after this many seconds; Ctrl-C takes it at once",
    )
    parser.add_argument(
        "--deadline",
        metavar="T",
        help="when all migrations have to be done: 05:30, or 2026-11-25T05:30",
    )


def add_time(parser: argparse.ArgumentParser) -> None:
    """Add the option that says what time it is."""
    parser.add_argument(
        "--now",
        metavar="T",
        help="what time it is, for windows, deadlines and cooldown: 2026-11-24T22:30+01:00 (default: the clock's)",
    )


def time_told(options: argparse.Namespace) -> str:
    """Return what time it is: the one look at a clock of the whole planner, and only where nobody tells."""
    given: str | None = options.now
    return given or datetime.now().astimezone().isoformat(timespec="seconds")


def goal_document(options: argparse.Namespace) -> dict[str, Any]:
    """Return the goal document that the options describe."""
    goal: dict[str, Any] = {"goal": options.goal}
    goal |= {"deadline": options.deadline} if options.deadline else {}
    goal |= {"effort": options.effort} if options.effort is not None else {}
    goal |= {"maintenance": False} if options.no_maintenance else {}
    goal |= {"time_limit_s": options.time_limit} if options.time_limit is not None else {}
    if options.goal == "migrate":
        if len(options.domain) > 1:
            raise InputError("migrate takes one --domain.")
        goal |= {"domain": options.domain[0]} if options.domain else {}
        goal |= {"destination": options.destination} if options.destination else {}
        return goal
    goal |= {"curve": True} if options.curve else {}
    if options.demand is not None:
        goal["demand"] = options.demand
    if options.aggressiveness is not None:
        goal["aggressiveness"] = options.aggressiveness
    goal |= {"hosts": options.host} if options.host else {}
    if options.goal == "restore" and options.domain:
        goal["domains"] = options.domain
    return goal
