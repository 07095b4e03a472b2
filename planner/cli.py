# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover``: planning without Ansible. The only place that reads and writes files."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import Infeasible, InputError, PlanningError

EXIT_OK, EXIT_FAULT, EXIT_INPUT, EXIT_INFEASIBLE = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 2 bad input, 3 infeasible, 1 anything else."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except Infeasible as error:
        return _complain(error.message, EXIT_INFEASIBLE)
    except InputError as error:
        return _complain(error.message, EXIT_INPUT)
    except PlanningError as error:
        return _complain(error.message, EXIT_FAULT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_OK


def _complain(message: str, code: int) -> int:
    print(f"drover: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    from .fleet.command import add_fleet
    from .importers.command import add_import
    from .simulation.command import add_simulate

    parser = argparse.ArgumentParser(
        prog="drover", description="Plans live migrations of libvirt/KVM clusters."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plan = commands.add_parser("plan", help="make a plan from facts, a policy and a goal")
    add_documents(plan)
    plan.add_argument("--goal", required=True, choices=GOALS, help="what the plan is for")
    add_goal_options(plan)
    plan.add_argument(
        "--out",
        metavar="FILE",
        help="write the plan here (JSON); without it the plan is only shown",
    )
    plan.add_argument("--quiet", action="store_true", help="do not show the plan")
    plan.set_defaults(run=_plan)
    show = commands.add_parser("show", help="show a plan as text")
    show.add_argument("plan", metavar="PLAN", help="plan file")
    show.set_defaults(run=_show)
    explain = commands.add_parser(
        "explain", help="say why a VM of a plan moves or stays, and why not elsewhere"
    )
    explain.add_argument("plan", metavar="PLAN", help="plan file")
    explain.add_argument("--vm", required=True, metavar="D", help="the VM")
    explain.set_defaults(run=_explain)
    rolling = commands.add_parser(
        "rolling", help="plan the maintenance of many hosts, batch by batch"
    )
    add_documents(rolling)
    rolling.add_argument(
        "--host", action="append", default=[], metavar="H", help="host (default: all); repeatable"
    )
    rolling.add_argument(
        "--at-once", type=int, default=1, metavar="N", help="hosts of a batch (default 1)"
    )
    rolling.add_argument("--out", metavar="FILE", help="write the plans of all batches here (JSON)")
    rolling.set_defaults(run=_rolling)
    _add_questions(commands)
    add_import(commands)
    add_fleet(commands, GOALS)
    add_simulate(commands)
    return parser


def _add_questions(commands: Any) -> None:
    from .whatif.command import add_edits

    what_if = commands.add_parser(
        "what-if", help="show, or plan for, a cluster that is changed or fails"
    )
    add_documents(what_if)
    add_edits(what_if)
    what_if.add_argument(
        "--goal", choices=GOALS, help="plan for the changed cluster; without it, show it"
    )
    add_goal_options(what_if)
    what_if.add_argument("--out", metavar="FILE", help="write the plan here (JSON)")
    what_if.set_defaults(run=_what_if, quiet=False)
    capacity = commands.add_parser("capacity", help="count how many more VMs of a shape fit")
    add_documents(capacity)
    capacity.add_argument(
        "--vcpus", type=int, default=1, metavar="N", help="vCPUs of such a VM (default 1)"
    )
    capacity.add_argument(
        "--memory-mib", type=int, default=1024, metavar="N", help="its memory (default 1024)"
    )
    capacity.add_argument(
        "--cpu-usage", type=float, default=0.0, metavar="X", help="vCPUs of it that are busy"
    )
    capacity.add_argument(
        "--spare", type=int, metavar="K", help="hosts that may fail (default: the policy's)"
    )
    capacity.set_defaults(run=_capacity)


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


def _plan(options: argparse.Namespace) -> None:
    _plan_for(read_document(options.facts), options)


def _what_if(options: argparse.Namespace) -> None:
    from .documents import validate
    from .whatif.command import edited, told

    facts = read_document(options.facts)
    validate("facts", facts)
    facts = edited(facts, options)
    if options.goal:
        _plan_for(facts, options)
    else:
        print(told(_posed(facts, options, {"goal": "repair"}), options.fail), end="")


def _capacity(options: argparse.Namespace) -> None:
    from .cluster.resources import Resources
    from .whatif.command import told_room

    problem = _posed(read_document(options.facts), options, {"goal": "repair"})
    shape = Resources(options.memory_mib, options.vcpus, options.cpu_usage)
    print(told_room(problem, shape, options.spare), end="")


def _rolling(options: argparse.Namespace) -> None:
    from .rolling import make_rolling_plan, render_rolling

    policy = read_document(options.policy) if options.policy else None
    document = make_rolling_plan(
        read_document(options.facts), policy, options.host, options.at_once
    )
    if options.out:
        write_document(options.out, document)
    print(render_rolling(document), end="")


def _explain(options: argparse.Namespace) -> None:
    from .documents import validate
    from .report.explain import explain

    document = read_document(options.plan)
    validate("plan", document)
    print(explain(document, options.vm), end="")


def _posed(facts: Any, options: argparse.Namespace, goal: dict[str, Any]) -> Any:
    from .pipeline import read_problem

    return read_problem(facts, read_document(options.policy) if options.policy else None, goal)


def _plan_for(facts: Any, options: argparse.Namespace) -> None:
    from .pipeline import plan_problem, read_problem
    from .report.text import render

    policy = read_document(options.policy) if options.policy else None
    document = plan_problem(read_problem(facts, policy, goal_document(options))).to_document()
    if options.out:
        write_document(options.out, document)
    if not options.quiet:
        print(render(document), end="")


def goal_document(options: argparse.Namespace) -> dict[str, Any]:
    """Return the goal document that the options describe."""
    goal: dict[str, Any] = {"goal": options.goal}
    if options.goal == "migrate":
        if len(options.domain) > 1:
            raise InputError("migrate takes one --domain.")
        goal |= {"domain": options.domain[0]} if options.domain else {}
        goal |= {"destination": options.destination} if options.destination else {}
        return goal
    if options.demand is not None:
        goal["demand"] = options.demand
    if options.aggressiveness is not None:
        goal["aggressiveness"] = options.aggressiveness
    goal |= {"hosts": options.host} if options.host else {}
    if options.goal == "restore" and options.domain:
        goal["domains"] = options.domain
    return goal


def _show(options: argparse.Namespace) -> None:
    from .documents import validate
    from .report.text import render

    document = read_document(options.plan)
    validate("plan", document)
    print(render(document), end="")


def read_document(path: str) -> Any:
    """Read a JSON or YAML file.

    Raises
    ------
    InputError
        It cannot be read, or is neither.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"Cannot read {path}: {reason}.") from error
    try:
        return json.loads(text)
    except ValueError as error:
        if path.endswith(".json"):
            raise InputError(f"{path} is not valid JSON: {error}.") from error
        return _yaml(path, text)


def _yaml(path: str, text: str) -> Any:
    from .libraries import require

    yaml = require("yaml")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        sentence = " ".join(str(error).split())
        raise InputError(f"{path} is not valid YAML: {sentence}.") from error


def write_document(path: str, document: Any) -> None:
    """Write a JSON file whole or not at all.

    Raises
    ------
    InputError
        It cannot be written.
    """
    draft = Path(f"{path}.part")
    try:
        draft.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"Cannot write {path}: {error.strerror}.") from error
