# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that was made in one run, approved by somebody, and is carried out by another run.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ._artifacts import PACKED, NotPacked, unpack
from ._documents import read_document

APPROVED_OPTIONS: dict[str, t.Any] = {
    "plan": {"type": "raw"},
    "digest": {"type": "str", "default": ""},
    "max_age": {"type": "int", "default": 43200},
}

# What of a goal was approved with the plan; how hard it was looked for does not matter any more.
_ASKED = ("goal", "hosts", "maintenance", "domain", "destination")


class NotApproved(Exception):
    """There is no approved plan, or it is for something else; nothing was started."""


def approved_document(
    approved: dict[str, t.Any], goal: dict[str, t.Any], find: Callable[[str], str]
) -> tuple[dict[str, t.Any], dict[str, t.Any] | None]:
    """Return the plan document that was approved, and the figures of Prometheus that it was made with.

    Whether it is whole, is the one with the digest, and still fits, C(check_plan) judges.

    Parameters
    ----------
    approved : dict
        Of C(APPROVED_OPTIONS).
    goal : dict
        What this run was asked for, as a goal document.
    find : callable
        Turns the path of a file as given into the path to open.

    Raises
    ------
    NotApproved, DocumentUnreadable
        With one sentence.
    """
    plan, figures = _given(approved["plan"], find)
    if not plan or not approved["digest"]:
        raise NotApproved(
            "Only an approved plan may be carried out here, and there is none: hand on the artifacts drover_plan and "
            "drover_plan_digest of the run that made the plan, or run without drover_approved."
        )
    was, is_now = _asked(plan.get("asked")), _asked(goal)
    if was != is_now:
        raise NotApproved(
            f"The plan that was approved is for {_words(was)}, and this run was asked for {_words(is_now)}; ask for "
            "the same, or have a plan for this approved."
        )
    return plan, figures


def _given(
    value: t.Any, find: Callable[[str], str]
) -> tuple[dict[str, t.Any], dict[str, t.Any] | None]:
    if not (isinstance(value, str) and value.startswith(PACKED)):
        return read_document(value or None, "plan", find), None
    try:
        document = unpack(value)
    except NotPacked as error:
        raise NotApproved(
            f"The approved plan cannot be read ({error}); have a new one made and approved."
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("plan"), dict):
        raise NotApproved(
            "The approved plan is not a plan of Drover; have a new one made and approved."
        )
    return document["plan"], document.get("figures")


def _asked(goal: t.Any) -> dict[str, t.Any]:
    told = goal if isinstance(goal, dict) else {}
    found = {name: told[name] for name in _ASKED if name in told}
    if isinstance(found.get("hosts"), list):
        found["hosts"] = sorted(map(str, found["hosts"]))
    return found


def _words(asked: dict[str, t.Any]) -> str:
    words = [
        str(asked.get("goal", "nothing")),
        ", ".join(asked.get("hosts", [])),
        " to ".join(str(asked[name]) for name in ("domain", "destination") if name in asked),
        "without maintenance" if asked.get("maintenance") is False else "",
    ]
    return " ".join(filter(None, words))
