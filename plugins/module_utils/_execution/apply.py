# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does what the module plan_apply was asked for, and turns it into the module's answer.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from .._ends.outcome import Outcome
from .._request.argspec import read_options
from .execution import ExecutionSettings, execute
from .last_look import found_elsewhere, look_last
from .migrating import StepRunner
from .names import execution_folder


def apply_plan(plan: dict[str, t.Any], params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Carry a plan out, and return the module's result.

    Parameters
    ----------
    plan : dict
        The plan document.
    params : dict
        The module's parameters.

    Raises
    ------
    DroverError
        Nothing was started: the plan, an option or the lock does not allow it.
    """
    settings = _settings(plan, params)
    options = read_options(params["migration"] or {})
    runner = StepRunner(plan, params["coordinator"], params["uri"], options)
    began_s = time.monotonic()
    with contextlib.closing(runner):
        outcomes = execute(plan, settings, runner, time.time)
    seen = look_last(params["look_at"], outcomes, runner.uris)
    outcomes = found_elsewhere(outcomes, seen)
    return {
        "changed": any(outcome.outcome is Outcome.MOVED for outcome in outcomes),
        "outcomes": [outcome.document() for outcome in outcomes],
        "moved": [outcome.step.domain for outcome in outcomes if outcome.outcome.moved],
        "seen": seen,
        "duration_s": round(time.monotonic() - began_s, 1),
        "folder": settings.folder,
    }


def _settings(plan: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> ExecutionSettings:
    execution = params["execution"] or time.strftime("%Y%m%dT%H%M%S")
    return ExecutionSettings(
        folder=execution_folder(params["directory"], execution),
        owner=params["owner"] or "unknown",
        heartbeat_timeout_s=params["heartbeat_timeout"],
        time_limit_s=params["time_limit"],
        purpose=params["purpose"] or str(plan.get("goal", "")),
        locked=params["locked"],
        keep=params["keep"],
    )
