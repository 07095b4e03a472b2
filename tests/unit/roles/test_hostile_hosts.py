# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host answers or a file holds is not believed, with real tasks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
ROOT = Path(__file__).parents[3]


def facts(name: str, *, called: str = "") -> dict[str, Any]:
    """Return what a host answers to host_info; C(called) is what it says that it is called."""
    vm = {"uuid": f"u-{name}", "state": "running", "vcpus": 1, "memory_mib": 64, "cpu_usage": 0.1}
    return {
        "host": {"name": called or name, "vcpus": 16, "memory_mib": 65536},
        "domains": [{**vm, "name": f"vm-{name}", "host": called or name}],
    }


def play(tmp_path: Path, tasks: list[dict[str, Any]], **found: Any) -> str:
    """Run tasks once for hosts that answered so; return what is printed."""
    hosts = {name: {"found": answer} for name, answer in found.items()}
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump({"kvm": {"hosts": hosts, "vars": HERE}}))
    once = [{**task, "run_once": True} for task in tasks]
    plays = [{"hosts": "kvm", "gather_facts": False, "tasks": once}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(plays))
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory.yml", "play.yml"],
        cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "DROVER_TEST_SECRET": "geheim",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return " ".join((run.stdout + run.stderr).split())


def test_a_host_that_takes_another_name_never_becomes_coordinator(tmp_path: Path) -> None:
    """The executor ran on the controller, as 127.0.0.1 is the smallest name."""
    plan = {"goal": "evacuate", "hosts": ["kvm2"], "unreachable": "ignore", "show": False}
    tasks = [
        {
            "drover.libvirt.plan": {**plan, "registered": {"host_info": "found"}},
            "register": "planned",
        },
        {
            "debug": {
                "msg": "by {{ planned.coordinator }}, to {{ planned.plan.steps[0].destination }}"
            }
        },
    ]
    names = {name: facts(name) for name in ("kvm1", "kvm2")}
    output = play(tmp_path, tasks, **names, kvm3=facts("kvm3", called="127.0.0.1"))
    assert "by kvm1, to kvm1" in output
    assert "WARNING]: The answer of kvm3 is not one of the module host_info" in output


def test_a_folder_never_reads_the_controllers_environment(tmp_path: Path) -> None:
    """$NAME in it was expanded on the controller, and the value sent to the host that had asked for it."""
    follow = {"drover.libvirt.execution_follow": {"folder": "/tmp/$DROVER_TEST_SECRET/e1"}}
    output = play(tmp_path, [follow], kvm1={})
    assert "The folder of an execution must not be '/tmp/$DROVER_TEST_SECRET/e1'" in output
    assert "geheim" not in output


def test_a_forged_plan_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    """Check mode said ok to it, and as root on the coordinator it ran the command of its URI."""
    registered = {"registered": {"host_info": "found"}}
    plan = {"goal": "evacuate", "hosts": ["kvm2"], "show": False, "dest": "plan.json", **registered}
    apply = {"drover.libvirt.plan_apply": {"plan": "plan.json", **registered}, "check_mode": True}
    forge = "sed -i 's#root@kvm1/system#root@kvm1/system?command=/x#' plan.json"
    tasks = [
        {"drover.libvirt.plan": plan},
        {**apply, "register": "before"},
        {"ansible.builtin.debug": {"msg": "before {{ before is failed }}"}},
        {"ansible.builtin.shell": {"cmd": forge, "chdir": str(tmp_path)}},
        {**apply, "delegate_to": "localhost", "ignore_errors": True},
        apply,
    ]
    output = play(tmp_path, tasks, **{name: facts(name) for name in ("kvm1", "kvm2")})
    assert "before False" in output
    assert (
        "localhost cannot coordinate the migrations: delegate the task to one of kvm1, kvm2"
        in output
    )
    assert "somebody has changed it since it was made; plan again" in output


def test_a_preflight_says_whose_run_has_the_cluster(tmp_path: Path) -> None:
    """It looked at everything but that; what it finds may be different when the run has ended."""
    lock = {
        "execution": "e1",
        "coordinator": "kvm1",
        "owner": "ann@desk",
        "purpose": "evacuate kvm2",
        "since_s": 1795511523.0,
        "holds_s": 900.0,
        "age_s": 240.0,
    }
    answer = {"executions": [], "lock": lock, "checks": [], "domains": []}
    registered = {"execution_info": "found", "preflight_info": "found"}
    said = play(
        tmp_path, [{"drover.libvirt.preflight_report": {"registered": registered}}], kvm1=answer
    )
    assert "The cluster is locked: evacuate kvm2, by ann@desk" in said
    assert "Beware of the 1 warning above." in said
