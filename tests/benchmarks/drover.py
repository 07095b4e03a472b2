# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover plan``, from a facts file to a verified plan file, in a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.cases import Case
from tests.benchmarks.instances import POLICY
from tests.benchmarks.measure import Measurement, run

Facts = Mapping[str, Any]

COMMAND = (sys.executable, "-m", "planner")


def plan(
    case: Case, facts: Facts, folder: Path, limit_s: float
) -> tuple[Measurement, dict[str, Any] | None]:
    """Plan a case; return what it took, and the plan if there is one."""
    paths = {name: folder / f"{name}.json" for name in ("facts", "policy", "plan")}
    paths["facts"].write_text(json.dumps(facts), encoding="utf-8")
    paths["policy"].write_text(json.dumps(POLICY), encoding="utf-8")
    paths["plan"].unlink(missing_ok=True)
    files = [
        "--facts",
        str(paths["facts"]),
        "--policy",
        str(paths["policy"]),
        "--out",
        str(paths["plan"]),
    ]
    hosts = [option for host in case.hosts(facts) for option in ("--host", host)]
    measured = run([*COMMAND, "plan", *files, "--goal", case.goal, *hosts, "--quiet"], limit_s)
    if not paths["plan"].exists():
        return measured, None
    return measured, json.loads(paths["plan"].read_text(encoding="utf-8"))


def start(limit_s: float = 30) -> Measurement:
    """Start the command and do nothing."""
    return run([*COMMAND, "--help"], limit_s)
