# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names reach terminals and logs as what they are, whatever characters they have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from planner.advice.explain import explain
from planner.commands.drover import main
from planner.pipeline import make_plan
from planner.report.diff import placement_diff
from planner.report.outcomes import render_outcomes
from planner.report.status import render_status
from planner.report.text import render
from planner.rolling import make_rolling_plan, render_rolling
from planner.visible import visible
from tests.unit.planner.builders import cluster, evacuation

NAMES = {
    "escape": "vm\x1b[2J\x1b[H",
    "title": "vm\x1b]0;evil\x07",
    "c1": "vm\x9b2J",
    "line": "vm\nPLAN OK",
    "return": "vm\rPLAN OK",
    "bidi": "vm\u202eKO NALP",
    "isolate": "vm\u2067x",
    "separator": "vm\u2028PLAN OK",
    "zero": "vm\u200b\u00ad",
}
Facts = dict[str, Any]


def facts(name: str) -> Facts:
    """Return a cluster in which a VM and a host have that name."""
    return cluster(**{"a": {name: 100, "y": 50}, "b": {"z": 100}, f"{name}-host": {}})


def planned(found: Facts) -> dict[str, Any]:
    """Return the plan that empties host a."""
    return make_plan(found, None, evacuation("a"))


def outcomes(found: Facts) -> str:
    """Return the outcomes of that plan as text."""
    plan = planned(found)
    ended = [{**step, "outcome": "not_moved", "reason": step["domain"]} for step in plan["steps"]]
    return render_outcomes(plan, ended, 1.0)


FACES: dict[str, Callable[[Facts], str]] = {
    "plan": lambda found: render(planned(found)),
    "status": render_status,
    "outcomes": outcomes,
    "explain": lambda found: explain(planned(found), found["domains"][0]["name"]),
    "rolling": lambda found: render_rolling(
        make_rolling_plan(found, None, [], 1, "2026-11-24T22:00:00+00:00")
    ),
    "diff": lambda found: "".join(
        text for entry in placement_diff(planned(found)) for text in entry.values()
    ),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_name_moves_the_cursor_or_begins_a_line(face: str, name: str) -> None:
    """Neither of a VM nor of a host; the text has as many lines as with a plain name."""
    shown, plain = FACES[face](facts(name)), FACES[face](facts("vm"))
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\n") == plain.count("\n")


def test_names_stay_readable() -> None:
    """Letters of all scripts are letters."""
    assert visible("Müller-数据库 ✓ \\n") == "Müller-数据库 ✓ \\n"
    assert visible("a\x1b\n\u202e\ud800") == r"a\x1b\n\u202e\ud800"


def test_complaints_of_the_command_are_one_line(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also about names."""
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts("vm")))
    code = main(["plan", "--facts", str(path), "--goal", "evacuate", "--host", "x\nPLAN OK\x1b[2J"])
    assert code == 2
    assert r"There is no host x\nPLAN OK\x1b[2J" in capsys.readouterr().err
