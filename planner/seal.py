# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seal of a plan: a digest over all of it, so that the plan that was approved is the plan that runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SEAL = "plan_digest"


def sealed(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan document with its seal."""
    return {**plan, SEAL: seal_of(plan)}


def seal_of(plan: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything in a plan document but the seal itself; the order of keys does not matter."""
    rest = {key: value for key, value in plan.items() if key != SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
