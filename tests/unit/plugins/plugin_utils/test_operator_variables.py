# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that nobody reads are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.drover.libvirt.planner.report.metrics import FAMILIES
from ansible_collections.drover.libvirt.plugins.plugin_utils._operator_variables import (
    known_variables,
    refused_variables,
)

ROOT = Path(__file__).parents[4]
KNOWN = known_variables(ROOT)
HOSTS = ["kvm1", "kvm2"]


def refused(*names: str, own: tuple[str, ...] = ()) -> str:
    """Return what is said of variables that all hosts have."""
    return refused_variables(dict.fromkeys(names, HOSTS), KNOWN, own, HOSTS)


def test_what_roles_playbooks_and_plugins_read_is_known() -> None:
    """One of each."""
    assert {"drover_aggressiveness", "drover_facts_file", "drover_peer_uri"} <= KNOWN
    assert {"drover_own_variables", "drover_group"} <= KNOWN


@pytest.mark.parametrize("document", ["README.md", "docs/*.md", "roles/*/README.md"])
def test_every_variable_of_the_documents_is_known(document: str) -> None:
    """The example of the refusal itself aside; metrics and the command's name in Python are no variables."""
    named = {
        name
        for path in ROOT.glob(document)
        for name in re.findall(r"\bdrover_[a-z0-9_]+", path.read_text())
    }
    measured = {f"{name}{ending}" for name in FAMILIES for ending in ("", "_total")}
    assert named - {"drover_planner", "drover_dry_run"} - measured <= KNOWN


def test_a_misspelled_variable_is_refused_with_the_nearest() -> None:
    """All at once."""
    sentence = refused("drover_retrun", "drover_host", "drover_hosts")
    assert "no variable drover_retrun. Did you mean drover_return?" in sentence
    assert "no variable drover_host. Did you mean drover_hosts?" in sentence


@pytest.mark.parametrize("name", ["drover_dry_run", "drover_check", "drover_check_mode"])
def test_who_wants_to_see_what_would_happen_is_told_how(name: str) -> None:
    """It emptied the host for real."""
    assert f"{name}. To see what would be done, use --check --diff." in refused(name)


def test_a_variable_of_one_host_is_named_with_it() -> None:
    """So that it is found in the inventory."""
    sentence = refused_variables({"drover_lables": ["kvm2"]}, KNOWN, (), HOSTS)
    assert "drover_lables (set for kvm2). Did you mean drover_labels?" in sentence


def test_variables_of_others_and_the_operators_own_are_let_through() -> None:
    """By name or pattern."""
    assert refused("ansible_host", "drovers") == ""
    assert refused("drover_site_a", "drover_mine", own=("drover_site_*", "drover_mine")) == ""
    assert refused("drover_hosts") == ""


def test_every_playbook_begins_with_the_refusal() -> None:
    """They all import the one that checks the inventory, whose first task it is; what they end with needs none."""
    plays = {path: yaml.safe_load(path.read_text()) for path in (ROOT / "playbooks").glob("*.yml")}
    endings = {book[-1].get("ansible.builtin.import_playbook") for book in plays.values()}
    for path, (first, *_others) in plays.items():
        if path.name in endings:
            continue
        if path.name == "check_cluster.yml":
            assert "drover.libvirt.operator_variables" in first["tasks"][0]
        else:
            assert first.get("ansible.builtin.import_playbook") == "check_cluster.yml", path
