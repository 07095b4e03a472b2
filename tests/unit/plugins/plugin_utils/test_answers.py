# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where actions on the controller find what hosts answered, and that they look nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers, UnknownModule

ROOT = Path(__file__).parents[4]


def test_an_answer_is_found_under_the_name_that_it_was_registered_as() -> None:
    """A module that did not run on a host, or is not named, has answered nothing."""
    info = {"host": {"name": "kvm1", "vcpus": 1, "memory_mib": 1}, "domains": []}
    hosts = {"kvm1": {"mine": info}, "kvm2": {}}
    answers = Answers({"hostvars": hosts}, {"host_info": "mine"})
    assert answers.of("host_info", "kvm1") == info
    assert answers.of("host_info", "kvm2") == {}
    assert answers.of("preflight_info", "kvm1") == {}


def test_a_name_that_is_no_module_is_refused() -> None:
    """The sentence names it and those that there are."""
    with pytest.raises(
        UnknownModule, match=r"registered names host_infos, .*: execution_info, host_info"
    ):
        Answers({}, {"host_infos": "mine"})


def registered_by_roles() -> set[str]:
    """Return the variables that tasks of the roles register."""
    tasks = (ROOT / "roles").glob("*/tasks/*.yml")
    return {name for path in tasks for name in re.findall(r"register: (\w+)", path.read_text())}


def test_no_plugin_reads_a_variable_that_a_role_registers() -> None:
    """Only the documentation shows such names, in examples."""
    names = registered_by_roles()
    assert "gather_host_info" in names
    for folder in ("action", "plugin_utils"):
        for path in (ROOT / "plugins" / folder).glob("*.py"):
            found = set(re.findall(r"\w+", path.read_text())) & names
            assert not found, f"{path.name} knows {found}"


def test_roles_name_only_variables_that_roles_register() -> None:
    """A variable that was renamed would be an answer that nobody finds."""
    names = registered_by_roles()
    for path in (ROOT / "roles").glob("*/defaults/main.yml"):
        for option, value in (yaml.safe_load(path.read_text()) or {}).items():
            if option.endswith("_registered"):
                assert set(value.values()) <= names, path
