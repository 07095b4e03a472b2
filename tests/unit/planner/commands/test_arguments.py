# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The goal that the options of the command describe."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from planner.commands.arguments import GOALS, add_goal_options, add_time, goal_document, time_told
from planner.errors import InputError


def options(add: Callable[[argparse.ArgumentParser], None], *arguments: str) -> argparse.Namespace:
    """Return options as a shell gives them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--goal", choices=GOALS)
    add(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    ("arguments", "document"),
    [
        (["--goal", "repair"], {"goal": "repair"}),
        (["--goal", "evacuate", "--host", "a"], {"goal": "evacuate", "hosts": ["a"]}),
        (
            ["--goal", "evacuate", "--host", "a", "--host", "b", "--no-maintenance"],
            {"goal": "evacuate", "hosts": ["a", "b"], "maintenance": False},
        ),
        (
            ["--goal", "restore", "--host", "a", "--domain", "x", "--domain", "y"],
            {"goal": "restore", "hosts": ["a"], "domains": ["x", "y"]},
        ),
        (["--goal", "restore", "--host", "a"], {"goal": "restore", "hosts": ["a"]}),
        (["--goal", "balance", "--domain", "x"], {"goal": "balance"}),
        (
            ["--goal", "migrate", "--domain", "x", "--destination", "b"],
            {"goal": "migrate", "domain": "x", "destination": "b"},
        ),
        (["--goal", "migrate"], {"goal": "migrate"}),
        (
            ["--goal", "migrate", "--host", "a", "--curve", "--demand", "2"],
            {"goal": "migrate"},
        ),
        (
            ["--goal", "balance", "--aggressiveness", "5", "--curve"],
            {"goal": "balance", "aggressiveness": 5, "curve": True},
        ),
        (["--goal", "expand", "--demand", "1.5"], {"goal": "expand", "demand": 1.5}),
        (
            ["--goal", "repair", "--effort", "5", "--time-limit", "2.5", "--deadline", "05:30"],
            {"goal": "repair", "deadline": "05:30", "effort": 5, "time_limit_s": 2.5},
        ),
        (["--goal", "repair", "--effort", "0"], {"goal": "repair", "effort": 0}),
    ],
)
def test_the_goal_that_options_describe(arguments: list[str], document: dict[str, Any]) -> None:
    """What is not said is not in the document, so that the planner's own defaults count; nonsense is left to it."""
    assert goal_document(options(add_goal_options, *arguments)) == document


def test_one_vm_is_moved_by_hand() -> None:
    """To which host would the second one go?"""
    given = options(add_goal_options, "--goal", "migrate", "--domain", "x", "--domain", "y")
    with pytest.raises(InputError, match="migrate takes one --domain"):
        goal_document(given)


def test_what_time_it_is() -> None:
    """As it is told, or by the clock, with its distance from UTC."""
    assert (
        time_told(options(add_time, "--now", "2026-11-24T22:30+01:00")) == "2026-11-24T22:30+01:00"
    )
    assert datetime.fromisoformat(time_told(options(add_time))).tzinfo is not None
