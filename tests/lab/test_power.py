# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host goes to sleep and comes back, whatever happens in between."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.controller import EXECUTIONS, Controller, until
from tests.lab.lab import Lab
from tests.lab.playbook import ROOT, PlaybookRun, run_playbook
from tests.lab.power import trouble

pytestmark = pytest.mark.lab

_SWITCH = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.lab.lab import Lab
lab, visitor = Lab.attach({lab!r}), Path({visitor!r})
host = lab.hosts[sys.argv[1]]
if sys.argv[2] == "on":
    host.power_on()
if sys.argv[2] == "off":
    host.power_cut()
if sys.argv[2] == "status" and visitor.exists():
    lab.start_guest(visitor.read_text(), host.name)
    visitor.unlink()
print("on" if host.is_on else "off")
"""
_TASKS = """
- ansible.builtin.command:
    argv: [{python}, {switch}, "{{{{ host_power_host }}}}", {verb}]
  delegate_to: localhost
  register: switched
  vars: {{ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"}}
- ansible.builtin.set_fact:
    host_power_state: "{{{{ switched.stdout | trim }}}}"
"""


class Power:
    """The playbook drover.libvirt.power on a lab whose hosts are switched by tasks."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        switch = folder / "switch.py"
        self._visitor = folder / "visitor"
        known = {"root": str(ROOT), "lab": lab.name, "visitor": str(self._visitor)}
        switch.write_text(_SWITCH.format(**known))
        files = {}
        for verb in ("on", "off", "status"):
            path = folder / f"{verb}.yml"
            path.write_text(_TASKS.format(python=sys.executable, switch=switch, verb=f'"{verb}"'))
            files[verb] = str(path)
        # pid 1 of a lab host takes this for the power button
        self.variables: dict[str, Any] = {
            "drover_power": {"method": "tasks", **files, "shutdown_timeout_s": 60},
            "drover_shutdown_command": ["kill", "-TERM", "1"],
            "drover_ready_s": 30,
        }

    def arguments(self, host: str, state: str) -> list[str]:
        variables = {**self.variables, "drover_hosts": host, "drover_power_state": state}
        return ["drover.libvirt.power", "-e", json.dumps(variables)]

    def switch(self, host: str, state: str, *more: str) -> PlaybookRun:
        """Run the playbook for one host."""
        return run_playbook(self.lab, *self.arguments(host, state), *more)

    def start_when_asked(self, name: str) -> None:
        """Start a VM on the host whose power is asked for next: by then it has been found empty."""
        self._visitor.write_text(name)

    def mark(self, keeper: str, host: str) -> dict[str, object]:
        """Return the mark of a host that another one keeps; nothing where there is none."""
        text = self.lab.hosts[keeper].run(
            ["cat", f"/var/lib/drover/power/{host}.json"], check=False
        )
        return dict(json.loads(text.stdout)) if text.stdout else {}


@pytest.fixture
def power(blank_cluster: Lab, tmp_path: Path) -> Power:
    return Power(blank_cluster, tmp_path)


def test_a_host_sleeps_and_wakes(power: Power) -> None:
    """It is off and on record, its silence is not an error, and it comes back with what is on record.
    The same command again changes nothing. The VM of another host never stops."""
    lab = power.lab
    lab.start_guest("vm1", "kvm1", autostart=True)
    slept = power.switch("kvm3", "off")
    assert slept.code == 0, slept.output
    assert not lab.hosts["kvm3"].is_on
    assert power.mark("kvm1", "kvm3")["state"] == "asleep"
    assert power.switch("kvm3", "off").changed == 0
    balanced = run_playbook(lab, "drover.libvirt.balance")
    assert balanced.code == 0, balanced.output
    woken = power.switch("kvm3", "on")
    assert woken.code == 0, woken.output
    marks = [power.mark(keeper, "kvm3") for keeper in ("kvm1", "kvm2", "kvm3")]
    assert [mark["state"] for mark in marks] == ["on", "on", "on"]
    assert (marks[0]["times_off"], marks[0]["facts"]) == (1, None)
    lab.check_ran_once("vm1")


def test_a_host_with_a_vm_stays_on(power: Power) -> None:
    """Also one that somebody started by hand; the refusal names it, and nothing is marked."""
    power.lab.start_guest("vm1", "kvm3", autostart=True)
    refused = power.switch("kvm3", "off")
    assert refused.code != 0
    assert "The VM vm1 is running on kvm3" in refused.output
    assert power.lab.hosts["kvm3"].is_on
    assert power.mark("kvm1", "kvm3") == {}


def test_a_vm_that_is_started_on_a_host_about_to_go_down_keeps_it_on(power: Power) -> None:
    """Somebody starts it by hand after the host was found empty: the last look finds it. It runs on, and the host takes
    VMs as before. When the VM has gone the same command finishes."""
    lab = power.lab
    power.start_when_asked("visitor")
    refused = power.switch("kvm3", "off")
    assert refused.code != 0
    assert "kvm3 stays on. The VM visitor is running on kvm3" in refused.output
    assert [power.mark(keeper, "kvm3")["state"] for keeper in ("kvm1", "kvm2")] == ["on", "on"]
    lab.check_ran_once("visitor")
    moved = ["drover.libvirt.migrate", "-e", "drover_vm=visitor", "-e", "drover_destination=kvm2"]
    assert run_playbook(lab, *moved).code == 0
    slept = power.switch("kvm3", "off")
    assert slept.code == 0, slept.output
    assert not lab.hosts["kvm3"].is_on
    lab.check_ran_once("visitor")


def test_what_is_needed_is_shown_and_stays_on(power: Power) -> None:
    """With --check nothing is done, and the difference is shown. A service keeps its host on; so does keep_on."""
    lab = power.lab
    shown = power.switch("kvm3", "off", "--check", "--diff")
    assert shown.code == 0, shown.output
    assert '+  "state": "going_down"' in shown.output
    assert power.mark("kvm1", "kvm3") == {}
    etcd = (
        "cp /bin/sleep /root/etcd; setsid /root/etcd 300 >/dev/null 2>&1 & echo $! > /root/etcd.pid"
    )
    lab.hosts["kvm3"].run(["sh", "-c", etcd])
    serving = power.switch("kvm3", "off")
    assert "kvm3 runs etcd: others need it while it is up." in serving.output
    assert lab.hosts["kvm3"].is_on
    lab.hosts["kvm3"].run(["sh", "-c", "kill $(cat /root/etcd.pid)"])
    power.variables["drover_power"] = {**power.variables["drover_power"], "keep_on": True}
    kept = power.switch("kvm2", "off")
    assert "kvm2 stays on by its drover_power (keep_on)." in kept.output
    assert lab.hosts["kvm2"].is_on


@pytest.mark.slow
def test_a_vm_that_is_off_moves_away_and_never_starts_twice(power: Power) -> None:
    """Its definition goes where its disk is seen, with its autostart; the host boots without it."""
    lab = power.lab
    lab.start_guest("vm1", "kvm3", autostart=True)
    lab.hosts["kvm3"].run(["virsh", "destroy", "vm1"])
    slept = power.switch("kvm3", "off")
    assert slept.code == 0, slept.output
    assert power.switch("kvm3", "on").code == 0
    [place] = lab.where("vm1")
    assert (place.host == "kvm3", place.state, place.autostart) == (False, "shutoff", True)


def test_another_operator_is_kept_out(power: Power) -> None:
    """While a host takes its time to go down nobody else changes the cluster; the refusal says who does."""
    power.lab.hosts["kvm3"].trouble(trouble.DEAF)
    power.variables["drover_power"]["shutdown_timeout_s"] = 40
    first = Controller(power.lab, *power.arguments("kvm3", "off"))
    until(lambda: power.mark("kvm1", "kvm3").get("state") == "going_down")
    assert holds_s(power.lab, "kvm1") > 2 * 40
    second = run_playbook(power.lab, "drover.libvirt.balance")
    assert second.code != 0, second.output
    assert "power off kvm3" in second.output
    first.wait()


def holds_s(lab: Lab, host: str) -> float:
    """Return for how long the lock that a host keeps holds without an execution."""
    return float(
        json.loads(lab.hosts[host].run(["cat", f"{EXECUTIONS}/cluster-lock.json"]).stdout)[
            "holds_s"
        ]
    )


def age_locks(lab: Lab) -> None:
    """Let the lock of a dead controller be older than it holds."""
    for host in lab.hosts.values():
        if host.is_on:
            edit = f'sed -i -E "s/(since_s\\": )[^}}]*/\\1$(($(date +%s) - 2000))/" {EXECUTIONS}/cluster-lock.json'
            host.run(["sh", "-c", edit], check=False)


def test_a_controller_killed_between_mark_and_shutdown(power: Power) -> None:
    """The same command again finishes."""
    first = Controller(power.lab, *power.arguments("kvm3", "off"))
    until(lambda: power.mark("kvm1", "kvm3").get("state") == "going_down")
    first.kill()
    age_locks(power.lab)
    again = power.switch("kvm3", "off")
    assert again.code == 0, again.output
    assert not power.lab.hosts["kvm3"].is_on
    assert power.mark("kvm2", "kvm3")["state"] == "asleep"


def test_a_controller_killed_between_power_on_and_ready(power: Power) -> None:
    """The same command again takes the host back into service."""
    kvm3 = power.lab.hosts["kvm3"]
    assert power.switch("kvm3", "off").code == 0
    first = Controller(power.lab, *power.arguments("kvm3", "on"))
    until(lambda: kvm3.is_on)
    until(lambda: holds_s(power.lab, "kvm1") > 2 * 600)
    first.kill()
    age_locks(power.lab)
    assert power.mark("kvm1", "kvm3")["state"] == "waking"
    kvm3.wait_ready()
    again = power.switch("kvm3", "on")
    assert again.code == 0, again.output
    assert power.mark("kvm1", "kvm3")["state"] == "on"


def test_a_proof_is_kept(power: Power) -> None:
    """After it the host may be put to sleep by a plan."""
    variables = {**power.variables, "drover_hosts": "kvm3"}
    proved = run_playbook(power.lab, "drover.libvirt.power_test", "-e", json.dumps(variables))
    assert proved.code == 0, proved.output
    mark = power.mark("kvm3", "kvm3")
    assert mark["state"] == "on"
    assert isinstance(mark["proven"], dict)
    assert mark["proven"]["boot_s"] > 0
