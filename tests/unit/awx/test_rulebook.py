# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebook for alerts names playbooks that exist, and lets nothing of an alert into them."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]


def test_an_alert_only_chooses_the_playbook() -> None:
    """No variable of a playbook comes from outside, and the same alert again starts nothing for a while."""
    [ruleset] = yaml.safe_load((ROOT / "extensions/eda/rulebooks/alertmanager.yml").read_text())
    assert len(ruleset["rules"]) == 2
    for rule in ruleset["rules"]:
        [(kind, arguments)] = rule["action"].items()
        assert kind == "run_playbook"
        assert set(arguments) == {"name"}
        stem = arguments["name"].removeprefix("drover.libvirt.")
        assert (ROOT / "playbooks" / f"{stem}.yml").is_file()
        assert "once_within" in rule["throttle"]
    [source] = ruleset["sources"]
    assert source["eda.builtin.webhook"]["token"] == "{{ alerts_token }}"
