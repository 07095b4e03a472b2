# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover``: planning without Ansible."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from .. import __version__
from ..errors import Infeasible, InputError, PlanningError
from ..libraries import require
from ..visible import visible
from .answering import add_json, answer
from .arguments import GOALS, add_documents, add_goal_options, add_time, goal_document, time_told
from .files import read_document, write_document

EXIT_OK, EXIT_FAULT, EXIT_INPUT, EXIT_INFEASIBLE, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

EXIT_CODES = f"""exit codes:
  {EXIT_OK}    done
  {EXIT_FAULT}    something else is wrong: a library is missing, or Drover has a defect
  {EXIT_INPUT}    a file, an option or a name is wrong
  {EXIT_INFEASIBLE}    there is no plan under the policy; the sentence says what would help
  {EXIT_INTERRUPTED}  interrupted
drover run ends with the exit code of ansible-playbook."""
"""What the help says of them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 2 bad input, 3 infeasible, 130 interrupted, 1 anything else."""
    parser = _parser()
    _complete(parser)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except Infeasible as error:
        return _complain(error.message, EXIT_INFEASIBLE)
    except InputError as error:
        return _complain(error.message, EXIT_INPUT)
    except PlanningError as error:
        return _complain(error.message, EXIT_FAULT)
    except KeyboardInterrupt:
        return _complain("interrupted; there is no plan.", EXIT_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_OK


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that completes the command line, and end; only such a shell sets this variable."""
    if "_ARGCOMPLETE" in os.environ:
        require("argcomplete").autocomplete(parser)


def _complain(message: str, code: int) -> int:
    print(f"drover: {visible(message)}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    from .fleet import add_fleet
    from .importing import add_import
    from .load import add_load
    from .report import add_report
    from .run import add_run
    from .simulate import add_simulate

    parser = argparse.ArgumentParser(
        prog="drover",
        description="Plans live migrations of libvirt/KVM clusters.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"drover {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    plan = commands.add_parser("plan", help="make a plan from facts, a policy and a goal")
    add_documents(plan)
    plan.add_argument("--goal", required=True, choices=GOALS, help="what the plan is for")
    add_goal_options(plan)
    add_time(plan)
    plan.add_argument(
        "--out",
        metavar="FILE",
        help="write the plan here (JSON); without it the plan is only shown",
    )
    plan.add_argument("--quiet", action="store_true", help="do not show the plan")
    add_json(plan)
    plan.set_defaults(run=_plan)
    _add_readers(commands)
    rolling = commands.add_parser(
        "rolling", help="plan the maintenance of many hosts, batch by batch"
    )
    add_documents(rolling)
    add_time(rolling)
    rolling.add_argument(
        "--host", action="append", default=[], metavar="H", help="host (default: all); repeatable"
    )
    rolling.add_argument(
        "--at-once", type=int, default=1, metavar="N", help="hosts of a batch (default 1)"
    )
    rolling.add_argument("--out", metavar="FILE", help="write the plans of all batches here (JSON)")
    add_json(rolling)
    rolling.set_defaults(run=_rolling)
    _add_questions(commands)
    add_report(commands)
    add_import(commands)
    add_fleet(commands, GOALS)
    add_simulate(commands)
    add_load(commands)
    add_run(commands)
    return parser


def _add_readers(commands: Any) -> None:
    show = commands.add_parser("show", help="show a plan as text")
    show.add_argument("plan", metavar="PLAN", help="plan file")
    add_json(show)
    show.set_defaults(run=_show)
    explain = commands.add_parser(
        "explain", help="say why a VM of a plan moves or stays, and why not elsewhere"
    )
    explain.add_argument("plan", metavar="PLAN", help="plan file")
    explain.add_argument("--vm", required=True, metavar="D", help="the VM")
    add_json(explain)
    explain.set_defaults(run=_explain)


def _add_questions(commands: Any) -> None:
    from .what_if import add_edits

    what_if = commands.add_parser(
        "what-if", help="show, or plan for, a cluster that is changed or fails"
    )
    add_documents(what_if)
    add_edits(what_if)
    what_if.add_argument(
        "--goal", choices=GOALS, help="plan for the changed cluster; without it, show it"
    )
    add_goal_options(what_if)
    add_time(what_if)
    what_if.add_argument("--out", metavar="FILE", help="write the plan here (JSON)")
    add_json(what_if)
    what_if.set_defaults(run=_what_if, quiet=False)
    capacity = commands.add_parser("capacity", help="count how many more VMs of a shape fit")
    add_documents(capacity)
    add_time(capacity)
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
    add_json(capacity)
    capacity.set_defaults(run=_capacity)


def _plan(options: argparse.Namespace) -> None:
    _plan_for(read_document(options.facts), options)


def _what_if(options: argparse.Namespace) -> None:
    from ..documents import validate
    from .what_if import edited, state_of, told

    facts = read_document(options.facts)
    validate("facts", facts)
    facts = edited(facts, options)
    if options.goal:
        _plan_for(facts, options)
    else:
        problem = _posed(facts, options, {"goal": "repair"})
        answer(options, state_of(problem, options.fail), told)


def _capacity(options: argparse.Namespace) -> None:
    from ..cluster.resources import Resources
    from .what_if import room_of, told_room

    problem = _posed(read_document(options.facts), options, {"goal": "repair"})
    shape = Resources(options.memory_mib, options.vcpus, options.cpu_usage)
    answer(options, room_of(problem, shape, options.spare), told_room)


def _rolling(options: argparse.Namespace) -> None:
    from ..rolling import make_rolling_plan, render_rolling

    policy = read_document(options.policy) if options.policy else None
    document = make_rolling_plan(
        read_document(options.facts), policy, options.host, options.at_once, time_told(options)
    )
    if options.out:
        write_document(options.out, document)
    answer(options, document, render_rolling)


def _explain(options: argparse.Namespace) -> None:
    from ..advice.explain import explanation, told
    from ..documents import validate

    document = read_document(options.plan)
    validate("plan", document)
    answer(options, explanation(document, options.vm), told)


def _posed(facts: Any, options: argparse.Namespace, goal: dict[str, Any]) -> Any:
    from ..pipeline import read_problem

    policy = read_document(options.policy) if options.policy else None
    return read_problem(facts, policy, {**goal, "now": time_told(options)})


def _plan_for(facts: Any, options: argparse.Namespace) -> None:
    from ..pipeline import plan_problem
    from ..report.text import render
    from .progress import waiting

    problem = _posed(facts, options, goal_document(options))
    with waiting(problem.goal) as patient:
        document = plan_problem(problem, patient=patient).to_document()
    if options.out:
        write_document(options.out, document)
    if not options.quiet:
        answer(options, document, render)


def _show(options: argparse.Namespace) -> None:
    from ..documents import validate
    from ..report.text import render

    document = read_document(options.plan)
    validate("plan", document)
    answer(options, document, render)
