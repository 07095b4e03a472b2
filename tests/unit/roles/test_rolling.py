# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role drover.libvirt.rolling keeps on record, with real playbooks and real files.

Nothing has its turn in these runs, so they need no libvirt.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
HOSTS = ("kvm1", "kvm2", "kvm3")


def record(**changes: Any) -> dict[str, Any]:
    """Return the record of a run that goes on with what was interrupted on kvm1."""
    return {
        "run": "r2",
        "number": 4,
        "by": "bob@desk",
        "since": "2026-11-24T10:00:00+00:00",
        "process": [],
        "running": True,
        "tasks": "/ops/update.yml",
        "hosts": ["kvm1"],
        "batch": ["kvm1"],
        "maintained": ["kvm1"],
        "finished": False,
        **changes,
    }


def maintain(tmp_path: Path, begun: list[str]) -> str:
    """Run the part of the role that writes, on the record of run r2; return what it prints."""
    found = {"record": record(batch=begun), "seen": ["r1"], "begun": begun}
    play = {
        "hosts": "kvm",
        "connection": "local",
        "gather_facts": False,
        "any_errors_fatal": True,
        "module_defaults": {
            "drover.libvirt.rolling_record": {
                "directory": f"{tmp_path}/{{{{ inventory_hostname }}}}"
            }
        },
        "tasks": [
            {"drover.libvirt.rolling_record": {}, "register": "rolling_kept"},
            {
                "ansible.builtin.include_role": {
                    "name": "drover.libvirt.rolling",
                    "tasks_from": "maintain",
                },
                "vars": {
                    "rolling_found": found,
                    "rolling_planned": {"batches": [], "hosts": []},
                    "rolling_group": "kvm",
                },
            },
        ],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    entry = {"ansible_python_interpreter": sys.executable}
    inventory = {"kvm": {"hosts": dict.fromkeys(HOSTS, entry)}}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory))
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory.yml", "play.yml"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def kept(tmp_path: Path, host: str) -> dict[str, Any]:
    """Return the record that a host keeps."""
    found: dict[str, Any] = json.loads((tmp_path / host / "record.json").read_text())
    return found


def keep(tmp_path: Path, host: str, **changes: Any) -> None:
    """Give a host a record."""
    (tmp_path / host).mkdir()
    (tmp_path / host / "record.json").write_text(json.dumps(record(**changes)))


def test_a_host_that_was_interrupted_and_has_no_turn_stays_on_record(tmp_path: Path) -> None:
    """Though its tasks are done the maintenance is not finished, and the operator is told that it is not back."""
    output = maintain(tmp_path, begun=["kvm1"])
    assert "Still in maintenance, because their turn was interrupted: kvm1." in output
    for host in HOSTS:
        found = kept(tmp_path, host)
        assert (found["batch"], found["running"], found["finished"]) == (["kvm1"], False, False)


def test_with_nothing_left_it_is_finished(tmp_path: Path) -> None:
    """All hosts had their tasks and are back, so nothing is said."""
    assert "Still in maintenance" not in maintain(tmp_path, begun=[])
    found = kept(tmp_path, "kvm3")
    assert (found["batch"], found["running"], found["finished"]) == ([], False, True)


def test_who_is_refused_at_the_beginning_does_not_look_as_if_he_ran(tmp_path: Path) -> None:
    """Somebody else came first on the second host: his record stays, elsewhere this run has stopped."""
    keep(tmp_path, "kvm2", run="r3", by="cyd@desk")
    assert "cyd@desk has begun or taken over" in maintain(tmp_path, begun=[])
    assert kept(tmp_path, "kvm2") == record(run="r3", by="cyd@desk")
    for host in ("kvm1", "kvm3"):
        assert (kept(tmp_path, host)["run"], kept(tmp_path, host)["running"]) == ("r2", False)


def test_who_is_refused_on_the_first_host_writes_nothing(tmp_path: Path) -> None:
    """Also not that a run of before has stopped, which he does not know."""
    keep(tmp_path, "kvm1", run="r3", by="cyd@desk")
    keep(tmp_path, "kvm2", run="r1")
    assert "cyd@desk has begun or taken over" in maintain(tmp_path, begun=[])
    assert kept(tmp_path, "kvm2") == record(run="r1")
    assert not (tmp_path / "kvm3").exists()
