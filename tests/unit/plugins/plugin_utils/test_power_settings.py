# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a C(drover_power) is said at once, and without its secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._power_settings import (
    faults,
    task_files,
)

BMC = {"method": "ipmi", "address": "10.0.0.3", "user": "drover", "password": "geheim"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("ipmi", "must be a mapping"),
        ({}, "must have a method: one of ipmi, redfish, wake_on_lan, tasks."),
        ({"method": "ilo"}, "must have a method"),
        ({"method": "ipmi"}, "missing required arguments: address, password, user"),
        ({**BMC, "adress": "x"}, "adress. Supported parameters include"),
        ({**BMC, "port": "x"}, "'port' is of type"),
        ({**BMC, "port": 70000}, "port must be from 1 to 65535, not 70000."),
        ({**BMC, "idle_w": -1}, "idle_w must be 0 or more watts"),
        ({**BMC, "boot_timeout_s": 0}, "boot_timeout_s must be 1 or more seconds"),
        ({"method": "wake_on_lan", "mac": "52:54"}, "mac must be an address like"),
        (
            {**BMC, "method": "redfish", "ca_path": "/no/such"},
            "ca_path names /no/such, which is not there.",
        ),
    ],
)
def test_a_fault_has_a_sentence(settings: Any, said: str) -> None:
    """Which host, which key, what is right; never the password."""
    [sentence] = faults("kvm3", settings, "/inventory")
    assert sentence.startswith("drover_power of kvm3")
    assert said in sentence
    assert "geheim" not in sentence


def test_all_faults_are_told_at_once() -> None:
    """Not one per run."""
    assert len(faults("kvm3", {**BMC, "idle_w": -1, "busy_w": -1, "port": 0}, "/")) == 3


def test_files_of_tasks_begin_in_the_folder_of_the_inventory(tmp_path: Path) -> None:
    """One that is not there is a fault."""
    settings = {"method": "tasks", "on": "on.yml", "off": "off.yml", "status": "/far/status.yml"}
    assert task_files(settings, "/inv")["on"] == "/inv/on.yml"
    for name in ("on.yml", "off.yml"):
        (tmp_path / name).write_text("")
    [sentence] = faults("kvm3", settings, str(tmp_path))
    assert "status names the file /far/status.yml, which is not there." in sentence


def test_what_is_right_has_no_fault() -> None:
    """Numbers as texts, too, as -e gives them."""
    right = {**BMC, "port": "623", "keep_on": "true", "boot_timeout_s": 60, "idle_w": 90.5}
    assert faults("kvm3", right, "/") == []
