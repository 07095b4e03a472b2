# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover load``: what monitoring knows, added to a facts file."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Any

from ..documents import validate
from ..errors import InputError
from ..monitoring.queries import Question
from ..policy.load import parse_load, seconds
from ..visible import visible
from .files import read_document, read_text, write_document
from .prometheus import add_figures, parse_prometheus

PASSWORD, TOKEN = "DROVER_PROMETHEUS_PASSWORD", "DROVER_PROMETHEUS_TOKEN"
"""Variables of the environment with what must not stand in a command line."""

_DEFAULT = "24h"
_WINDOW = re.compile(r"[1-9]\d{0,5}[smhd]")


def add_load(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "load", help="add what Prometheus knows of hosts and VMs to a facts file"
    )
    parser.add_argument("facts", metavar="FACTS", help="facts file (JSON or YAML)")
    parser.add_argument("--prometheus", required=True, metavar="URL", help="where Prometheus is")
    parser.add_argument("--policy", metavar="FILE", help="policy whose load.window is asked for")
    parser.add_argument(
        "--window", metavar="T", help=f"the time before now, such as 40m or 7d (default {_DEFAULT})"
    )
    parser.add_argument(
        "--percentile", type=float, metavar="P", help="a percentile (default: the mean)"
    )
    parser.add_argument(
        "--user", metavar="U", help=f"for basic authentication; its password is in {PASSWORD}"
    )
    parser.add_argument("--ca", metavar="FILE", help="certificates that Prometheus's is signed by")
    parser.add_argument(
        "--queries", metavar="FILE", help="expressions of your own by name (YAML or JSON)"
    )
    parser.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds in all")
    parser.add_argument(
        "--out", metavar="FILE", help="write here (JSON); without it the facts file is replaced"
    )
    parser.epilog = f"A bearer token is taken from {TOKEN}."
    parser.set_defaults(run=_load)


def _load(options: argparse.Namespace) -> None:
    facts = read_document(options.facts)
    validate("facts", facts)
    settings = parse_prometheus(
        {
            "url": options.prometheus,
            "username": options.user,
            "password": os.environ.get(PASSWORD),
            "token": os.environ.get(TOKEN),
            "ca": read_text(options.ca) if options.ca else None,
            "timeout_s": options.timeout,
            "queries": read_document(options.queries) if options.queries else None,
        }
    )
    facts, warnings = add_figures(facts, settings, _question(options))
    validate("facts", facts)
    write_document(options.out or options.facts, facts)
    for warning in warnings:
        print(f"drover: {visible(warning)}", file=sys.stderr)
    print(_told(facts), end="")


def _question(options: argparse.Namespace) -> Question:
    if options.policy and (options.window or options.percentile):
        raise InputError("give either --policy or --window and --percentile.")
    if options.policy:
        policy = read_document(options.policy)
        validate("policy", policy)
        load = parse_load(policy)
        if load.window_s is None:
            raise InputError("the policy names no time.", path="policy.load.window")
        return Question(window_s=round(load.window_s), percentile=load.percentile)
    window = options.window or _DEFAULT
    if not _WINDOW.fullmatch(window):
        raise InputError(f"{window!r} must be a time such as 40m, 24h or 7d.", path="--window")
    percentile = options.percentile
    if percentile is not None and not 0 < percentile <= 100:
        raise InputError("must be above 0, and at most 100.", path="--percentile")
    return Question(window_s=int(seconds(window)), percentile=percentile)


def _told(facts: dict[str, Any]) -> str:
    lines = []
    for what, entries in (("VMs", facts["domains"]), ("hosts", facts["hosts"])):
        missing = [entry["name"] for entry in entries if not entry.get("load")]
        lines.append(f"{len(entries) - len(missing)} of {len(entries)} {what} have figures.")
        if missing:
            shown = ", ".join(missing[:10]) + (" and more" if len(missing) > 10 else "")
            lines.append(f"  Without: {shown}")
    return "".join(f"{visible(line)}\n" for line in lines)
