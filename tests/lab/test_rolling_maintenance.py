# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The maintenance of all hosts in one go, while every VM goes on running."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.lab.lab import Lab
from tests.lab.moving import stays
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab

ROLLING = "drover.libvirt.rolling_maintenance"
GUESTS = {"vm1": "kvm1", "vm2": "kvm2", "vm3": "kvm3"}
# What a host's maintenance leaves behind; its file is empty when no VM ran meanwhile.
RECORD = "/var/lib/drover/maintained"


@pytest.fixture
def lab(lab: Lab) -> Lab:
    """The lab with a VM on each host, and no marks."""
    for host in lab.hosts.values():
        host.run(["rm", "-rf", "/var/lib/drover"])
    for guest, home in GUESTS.items():
        lab.start_guest(guest, home)
    return lab


def _tasks(path: Path, *more: object) -> str:
    """Write tasks that record on a host which VMs run there; return the option that names the file."""
    record = {"ansible.builtin.shell": f"virsh list --uuid | tr -d '\\n' > {RECORD}"}
    path.write_text(yaml.safe_dump([record, *more]))
    return f"drover_maintenance_tasks={path}"


def _maintained(lab: Lab) -> dict[str, str]:
    """Return per maintained host which VMs ran there meanwhile."""
    return {
        name: host.run(["cat", RECORD]).stdout
        for name, host in lab.hosts.items()
        if host.run(["test", "-e", RECORD], check=False).returncode == 0
    }


def test_maintains_every_host_while_it_is_empty(lab: Lab, tmp_path: Path) -> None:
    """Each host is empty during its maintenance and back in use afterwards, and no VM stops; with --check only
    the batches are shown."""
    tasks = _tasks(tmp_path / "tasks.yml")
    look = run_playbook(lab, ROLLING, "-e", tasks, "--check")
    assert look.code == 0, look.output
    assert "3 hosts in 3 batches, " in look.output
    assert _maintained(lab) == {}
    run = run_playbook(lab, ROLLING, "-e", tasks, timeout_s=600.0)
    assert run.code == 0, run.output
    assert _maintained(lab) == dict.fromkeys(lab.hosts, "")
    for guest in GUESTS:
        assert len(stays(lab, guest)) > 1
    status = run_playbook(lab, "drover.libvirt.status")
    assert "maintenance" not in status.output, status.output


def test_stops_at_a_host_whose_maintenance_fails(lab: Lab, tmp_path: Path) -> None:
    """That host stays in maintenance and the hosts after it keep their VMs; named, it and they are maintained
    once the tasks are mended."""
    failing = {"ansible.builtin.fail": {"msg": "no such update"}}
    hosts = ("-e", "drover_hosts=kvm1,kvm3")
    run = run_playbook(lab, ROLLING, *hosts, "-e", _tasks(tmp_path / "a.yml", failing))
    assert run.code != 0
    assert run.sentence == "no such update"
    [stopped] = _maintained(lab)
    [waiting] = {"kvm1", "kvm3"} - {stopped}
    assert any(place.host == waiting for places in lab.guests().values() for place in places)
    assert f"{stopped}" in run_playbook(lab, "drover.libvirt.status").output
    again = run_playbook(lab, ROLLING, *hosts, "-e", _tasks(tmp_path / "b.yml"))
    assert again.code == 0, again.output
    assert set(_maintained(lab)) == {"kvm1", "kvm3"}


def test_wants_a_file_with_tasks(lab: Lab) -> None:
    """Without tasks there would be nothing to empty hosts for."""
    run = run_playbook(lab, ROLLING, "-e", "drover_maintenance_tasks=/nowhere.yml")
    assert "Asked for: /nowhere.yml." in run.sentence
