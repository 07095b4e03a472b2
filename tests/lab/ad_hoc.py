# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one module of the collection on hosts of a lab, over SSH as a playbook would."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.lab import Lab
from tests.lab.playbook import environment

_COMMAND = Path(sys.executable).with_name("ansible")
_RESULT = re.compile(r"^(\S+) \| (?:SUCCESS|CHANGED|FAILED!|UNREACHABLE!) => ", re.MULTILINE)


@dataclass(frozen=True)
class ModuleRun:
    """What a module returned.

    Parameters
    ----------
    results
        The result of each host by name.
    output
        All that Ansible printed.
    """

    results: dict[str, dict[str, Any]]
    output: str

    @property
    def changed(self) -> list[str]:
        """The hosts on which something changed, sorted."""
        return sorted(host for host, result in self.results.items() if result["changed"])


def run_module(
    lab: Lab, hosts: str, module: str, check: bool = False, **arguments: Any
) -> ModuleRun:
    """Run a module of drover.libvirt on the hosts that a pattern matches."""
    command = [str(_COMMAND), "-i", str(lab.inventory_path), hosts]
    command += ["-m", f"drover.libvirt.{module}"]
    command += ["-a", json.dumps(arguments)] if arguments else []
    command += ["--check"] if check else []
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    decode = json.JSONDecoder().raw_decode
    results = {
        found.group(1): decode(done.stdout, found.end())[0]
        for found in _RESULT.finditer(done.stdout)
    }
    return ModuleRun(results, done.stdout + done.stderr)
