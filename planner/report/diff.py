# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as the difference it makes, in the form that Ansible's --diff shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..visible import visible


def placement_diff(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return for each host that changes its VMs before and after, one a line."""
    return [
        {
            "before_header": f"VMs on {visible(host['name'])} (now)",
            "after_header": f"VMs on {visible(host['name'])} (after the plan)",
            "before": _lines(host["before"]["domains"]),
            "after": _lines(host["after"]["domains"]),
        }
        for host in plan["hosts"]
        if host["before"]["domains"] != host["after"]["domains"]
    ]


def _lines(names: list[str]) -> str:
    return "".join(f"{visible(name)}\n" for name in names)
