# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of rule has its meaning, its rows in the model, its running count, its parser and its schema."""

from __future__ import annotations

import pytest

from planner.documents import schema
from planner.policy.base import Rule
from planner.policy.huge_pages import HugePages
from planner.policy.parse import PARSERS
from planner.solver.milp.constraints import add_rule
from planner.solver.search.running_counts import running_count

MADE_FROM_FACTS = {HugePages}
"""Kinds that nobody writes into a policy, so that they need neither a parser nor a schema."""


def kinds(of: type[Rule] = Rule) -> list[type[Rule]]:
    """Return all kinds of rules there are."""
    return [kind for sub in of.__subclasses__() for kind in (sub, *kinds(sub))]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.kind)
def test_no_face_is_missing(kind: type[Rule]) -> None:
    """A new kind of rule that forgets a face fails here."""
    assert "violations" in kind.__dict__
    assert add_rule.dispatch(kind) is not add_rule.dispatch(object)
    assert running_count.dispatch(kind) is not running_count.dispatch(object)
    if kind in MADE_FROM_FACTS:
        return
    assert kind.kind in PARSERS
    assert kind.kind in schema("policy")["definitions"]
