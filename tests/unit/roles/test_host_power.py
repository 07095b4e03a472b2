# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role drover.libvirt.host_power answers, with real playbooks and without a host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def asked(tmp_path: Path, settings: dict[str, Any], verb: str = "status") -> dict[str, Any]:
    """Return what the role answers about kvm3, where no collection but this one is installed."""
    installed = tmp_path / "collections/ansible_collections/drover"
    installed.mkdir(parents=True)
    (installed / "libvirt").symlink_to(ROOT)
    role = {"name": "drover.libvirt.host_power"}
    given = {"host_power_host": "kvm3", "host_power_verb": verb}
    copy = {"content": "{{ host_power_result | to_json }}", "dest": str(tmp_path / "answer")}
    play = {
        "hosts": "kvm1",
        "connection": "local",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.include_role": role, "vars": given},
            {"ansible.builtin.copy": copy},
        ],
    }
    (tmp_path / "play.json").write_text(json.dumps([play]))
    hosts = {
        "kvm1": {"ansible_python_interpreter": sys.executable},
        "kvm3": {"drover_power": settings},
    }
    (tmp_path / "inventory.json").write_text(json.dumps({"kvm": {"hosts": hosts}}))
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory.json", "play.json"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    answer: dict[str, Any] = json.loads((tmp_path / "answer").read_text())
    return answer


def test_what_to_install_is_said_in_one_sentence(tmp_path: Path) -> None:
    """The collection works without community.general until power is used."""
    power = {"method": "ipmi", "address": "10.0.0.3", "user": "u", "password": "geheim"}
    answer = asked(tmp_path, power)
    assert answer["state"] == "unknown"
    assert answer["error"] == (
        "kvm3 is switched by community.general.ipmi_power, which is not installed on the controller: "
        "run ansible-galaxy collection install community.general."
    )


def test_tasks_of_the_operator_switch_a_host(tmp_path: Path) -> None:
    """They are found in the folder of the inventory; a host that has its power already is left alone."""
    fact = "- ansible.builtin.set_fact: {host_power_state: 'off'}\n"
    for name in ("on.yml", "status.yml"):
        (tmp_path / name).write_text(fact)
    (tmp_path / "off.yml").write_text("- ansible.builtin.fail:\n")
    power = {"method": "tasks", "on": "on.yml", "off": "off.yml", "status": "status.yml"}
    done = {"state": "off", "watts": None, "changed": False, "error": None}
    assert asked(tmp_path, power, "off_hard") == done
