# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of metrics on the controller, for node_exporter's textfile collector.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import fcntl
import os
import time
import typing as t
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..module_utils._linux.durable import read_file, replace_file
from ._answers import Answers
from ._planner import PlanningError, metrics

# A file of metrics is a few kB; what is larger is something else.
_LONGEST = 1 << 20


def keep_metrics(
    answers: Answers,
    group: str,
    *,
    facts: dict[str, t.Any] | None = None,
    outcomes: Sequence[dict[str, t.Any]] = (),
) -> list[str]:
    """Add what a run saw and did to the file that C(drover_metrics_file) names, and return warnings.

    No run fails because its metrics cannot be written.

    Parameters
    ----------
    answers : Answers
        The variables of hosts; the variable is taken from the first host of the group that has it.
    group : str
        The inventory group that is the cluster.
    facts : dict or None
        The facts document, where it was gathered.
    outcomes : sequence of dict
        What became of migrations.
    """
    found = (answers.variable(name, "drover_metrics_file") for name in answers.members(group))
    path = next((one for one in found if one), None)
    if path is None:
        return []
    if not isinstance(path, str) or not os.path.isabs(path):
        return [
            f"No metrics are written: drover_metrics_file must be the absolute path of a file, not {path!r}."
        ]
    try:
        with _alone(os.path.dirname(path)):
            text = metrics(_text(path), group, facts=facts, at_s=time.time(), outcomes=outcomes)
            replace_file(path, text)
    except (OSError, PlanningError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return [f"The metrics cannot be written to {path}: {why.rstrip('.')}."]
    return []


@contextmanager
def _alone(directory: str) -> Iterator[None]:
    """Wait for other runs on this controller that write there: what each has counted must not get lost."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _text(path: str) -> str:
    try:
        return read_file(path, errors="replace")[:_LONGEST]
    except FileNotFoundError:
        return ""
