# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that one run leaves and another one carries out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils import _artifacts
from ansible_collections.drover.libvirt.plugins.plugin_utils._approval import (
    NotApproved,
    approved_document,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._artifacts import (
    PACKED,
    NotPacked,
    artifacts,
    pack,
    shortened,
    unpack,
)

GOAL = {"goal": "evacuate", "hosts": ["kvm2", "kvm3"], "maintenance": True}
PLAN = {"asked": {**GOAL, "hosts": ["kvm3", "kvm2"], "effort": 5}, "plan_digest": "d"}
FIGURES = {"hosts": {}, "domains": {"web1": {"busy_cpus": 0.5}}}


def document(plan: Any, goal: dict[str, Any] | None = None, digest: str = "d") -> Any:
    """Return what a run would carry out."""
    return approved_document({"plan": plan, "digest": digest, "max_age": 0}, goal or GOAL, str)


def test_a_packed_plan_comes_back_with_its_figures() -> None:
    """The order of hosts, and how hard it was looked for, do not matter."""
    assert document(pack({"plan": PLAN, "figures": FIGURES})) == (PLAN, FIGURES)


def test_a_plan_may_be_a_document_or_a_file(tmp_path: Path) -> None:
    """Such as the one that drover.libvirt.plan wrote to dest."""
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    assert document(PLAN) == document(str(path)) == (PLAN, None)


@pytest.mark.parametrize("plan", ["", None, {}])
def test_without_a_plan_none_is_made_instead(plan: Any) -> None:
    """An artifact that got lost must not become a plan that nobody saw."""
    with pytest.raises(NotApproved, match="there is none"):
        document(plan)


def test_without_a_digest_nothing_is_approved() -> None:
    """The plan alone may have been changed."""
    with pytest.raises(NotApproved, match="drover_plan_digest"):
        document(PLAN, digest="")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"goal": "balance"}, "this run was asked for balance"),
        ({**GOAL, "hosts": ["kvm2"]}, "is for evacuate kvm2, kvm3, and this run was asked for"),
        ({**GOAL, "maintenance": False}, "asked for evacuate kvm2, kvm3 without maintenance"),
        ({"goal": "migrate", "domain": "web1", "destination": "kvm1"}, "migrate web1 to kvm1"),
    ],
)
def test_a_plan_for_something_else_is_refused(asked: dict[str, Any], words: str) -> None:
    """The sentence names both."""
    with pytest.raises(NotApproved, match=words):
        document(PLAN, asked)


@pytest.mark.parametrize(
    "text", [f"{PACKED}x", f"{PACKED}AAAA", pack(PLAN)[:-8], pack([1]), pack({"plan": 3})]
)
def test_what_is_damaged_is_refused(text: str) -> None:
    """And not taken for the path of a file."""
    with pytest.raises(NotApproved, match="have a new one made"):
        document(text)


def test_a_text_that_grows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes would fill the memory of the controller."""
    monkeypatch.setattr(_artifacts, "LARGEST", 1000)
    with pytest.raises(NotPacked, match="larger than any plan"):
        unpack(pack("a" * 100_000))


def test_texts_hold_no_templates() -> None:
    """The next run gets them as extra variables, and names of VMs stand in them."""
    left = artifacts({"drover_closing": "{{ lookup('pipe', 'id') }} {% x %} {# #} {1}", "n": 2})
    data = left["ansible_stats"]["data"]
    assert data["drover_closing"] == "{ { lookup('pipe', 'id') }} { % x %} { # #} {1}"
    assert data["n"] == 2


def test_a_summary_ends_with_a_whole_line() -> None:
    """And says that there is more."""
    text = "a line of a plan\n" * 1000
    found = shortened(text)
    assert len(found) < 8200
    assert found.splitlines()[-2] == "a line of a plan"
    assert "all of it" in found.splitlines()[-1]
    assert shortened("short") == "short"
