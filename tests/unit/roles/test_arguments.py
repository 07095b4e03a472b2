# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of roles are checked once a run: Ansible's own check takes a process for each role and host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from .test_conditions import mappings
from .test_hostile_hosts import facts, play

ROOT = Path(__file__).parents[3]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
FILES = sorted(
    path for kind in ("roles/*/tasks", "playbooks") for path in ROOT.glob(f"{kind}/*.yml")
)


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_checks_its_arguments_first_and_once(role: str) -> None:
    """A wrong one is found before anything is done."""
    specs = _load(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    if not specs["main"].get("options"):
        return
    first = _load(ROOT / "roles" / role / "tasks" / "main.yml")[0]
    assert (
        "argument_specs.main.options"
        in first["ansible.builtin.validate_argument_spec"]["argument_spec"]
    )
    assert first["run_once"] is True


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_role_is_checked_on_every_host(path: Path) -> None:
    """Playbooks and roles take roles as tasks, for Ansible checks each of those under "roles:" on every host."""
    document = _load(path)
    for mapping in mappings(document):
        assert "roles" not in mapping
        for how in ("include_role", "import_role"):
            if f"ansible.builtin.{how}" in mapping:
                assert mapping[f"ansible.builtin.{how}"]["rolespec_validate"] is False


def test_a_wrong_argument_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    """It is named, with what it must be."""
    task = {
        "ansible.builtin.import_role": {
            "name": "drover.libvirt.evacuate",
            "rolespec_validate": False,
        },
        "vars": {"evacuate_hosts": {"a": "mapping"}},
    }
    output = play(tmp_path, [task], kvm1=facts("kvm1"))
    assert "argument 'evacuate_hosts' is of type" in output
    assert "goal : Plan" not in output
