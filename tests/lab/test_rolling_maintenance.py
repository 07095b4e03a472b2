# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The maintenance of all hosts in one go, while every VM goes on running."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.lab.controller import Controller, until
from tests.lab.lab import Lab
from tests.lab.moving import stays
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab

ROLLING = "drover.libvirt.rolling_maintenance"
GUESTS = {"vm1": "kvm1", "vm2": "kvm2", "vm3": "kvm3"}
# What a host's maintenance leaves behind: a line each time, with the VMs that ran there meanwhile.
RECORD = "/var/lib/drover/maintained"
# What one maintenance of an empty host leaves.
ONCE = "[]\n"


@pytest.fixture
def lab(lab: Lab) -> Lab:
    """The lab with a VM on each host, and no marks."""
    for host in lab.hosts.values():
        host.run(["rm", "-rf", "/var/lib/drover"])
    for guest, home in GUESTS.items():
        lab.start_guest(guest, home)
    return lab


def _tasks(path: Path, before: Sequence[object] = (), after: Sequence[object] = ()) -> str:
    """Write tasks that record on a host which VMs run there; return the option that names the file."""
    record = {"ansible.builtin.shell": f'echo "[$(virsh list --uuid | xargs)]" >> {RECORD}'}
    path.write_text(yaml.safe_dump([*before, record, *after]))
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
    assert _maintained(lab) == dict.fromkeys(lab.hosts, ONCE)
    for guest in GUESTS:
        assert len(stays(lab, guest)) > 1
    status = run_playbook(lab, "drover.libvirt.status")
    assert "maintenance" not in status.output, status.output


def test_stops_at_a_host_whose_maintenance_fails(lab: Lab, tmp_path: Path) -> None:
    """That host stays in maintenance and the hosts after it keep their VMs; once the tasks are corrected, the same
    again maintains it and them. Tasks of another file are another maintenance, and are refused before that."""
    failing = {"ansible.builtin.fail": {"msg": "no such update"}}
    hosts = ("-e", "drover_hosts=kvm1,kvm3")
    run = run_playbook(lab, ROLLING, *hosts, "-e", _tasks(tmp_path / "a.yml", after=[failing]))
    assert run.code != 0
    assert run.sentence == "no such update"
    [stopped] = _maintained(lab)
    [waiting] = {"kvm1", "kvm3"} - {stopped}
    assert any(place.host == waiting for places in lab.guests().values() for place in places)
    assert f"{stopped}" in run_playbook(lab, "drover.libvirt.status").output
    other = run_playbook(lab, ROLLING, *hosts, "-e", _tasks(tmp_path / "b.yml"))
    assert "a.yml, not of " in other.sentence, other.output
    again = run_playbook(lab, ROLLING, *hosts, "-e", _tasks(tmp_path / "a.yml"))
    assert again.code == 0, again.output
    assert _maintained(lab) == {stopped: ONCE * 2, waiting: ONCE}


def test_goes_on_where_a_killed_playbook_was(lab: Lab, tmp_path: Path) -> None:
    """While it lives nobody else may. Killed in the tasks of its second batch, the same playbook again skips the first
    host, runs the tasks on the other two, and puts all back into use; no VM stops. The one after that is a new one."""
    held = tmp_path / "held"
    held.touch()
    tasks = _tasks(tmp_path / "tasks.yml", before=_hold("kvm2", held))
    first = Controller(lab, ROLLING, "-e", tasks)
    until(lambda: lab.hosts["kvm2"].run(["test", "-e", HOLDING], check=False).returncode == 0)
    refused = run_playbook(lab, ROLLING, "-e", tasks)
    assert "is at a rolling maintenance of this cluster" in refused.sentence, refused.output
    first.kill()
    held.unlink()
    assert _maintained(lab) == {"kvm1": ONCE}
    run = run_playbook(lab, ROLLING, "-e", tasks, timeout_s=600.0)
    assert run.code == 0, run.output
    assert "(tasks done on kvm1; left: kvm2, kvm3)" in run.output
    assert "kvm1 is skipped: its maintenance is done." in run.output
    assert "kvm2 comes first: its maintenance was interrupted." in run.output
    assert _maintained(lab) == dict.fromkeys(lab.hosts, ONCE)
    for guest in GUESTS:
        assert len(stays(lab, guest)) > 1
    status = run_playbook(lab, "drover.libvirt.status")
    assert "maintenance" not in status.output, status.output
    assert "3 hosts in 3 batches, " in run_playbook(lab, ROLLING, "-e", tasks, "--check").output


HOLDING = "/var/lib/drover/holding"


def _hold(host: str, held: Path) -> list[object]:
    """Return tasks that stand still on a host as long as a file is there on the controller."""
    here = {"when": f"inventory_hostname == '{host}'"}
    wait = {"path": str(held), "state": "absent", "timeout": 3600}
    return [
        {"ansible.builtin.file": {"path": HOLDING, "state": "touch"}, **here},
        {"ansible.builtin.wait_for": wait, "delegate_to": "localhost", **here},
    ]


def test_a_host_that_had_its_tasks_and_was_not_back_is_put_back_into_use(
    lab: Lab, tmp_path: Path
) -> None:
    """Its libvirt did not answer after the tasks, so it stays in maintenance; when it does, the same playbook again
    does not run the tasks once more. A run for another host before that does not lose it. With the
    answer "forget" they are run on all hosts again."""
    stop = {"ansible.builtin.shell": "pkill -x libvirtd"}
    first = run_playbook(lab, ROLLING, "-e", _tasks(tmp_path / "tasks.yml", after=[stop]))
    assert first.code != 0
    assert _maintained(lab) == {"kvm1": ONCE}
    lab.hosts["kvm1"].start_daemon("libvirtd")
    tasks = _tasks(tmp_path / "tasks.yml")
    forget = run_playbook(lab, ROLLING, "-e", tasks, "-e", "drover_unfinished=forget", "--check")
    assert "3 hosts in 3 batches, " in forget.output
    other = run_playbook(lab, ROLLING, "-e", tasks, "-e", "drover_hosts=kvm2")
    assert other.code == 0, other.output
    assert "Still in maintenance, because their turn was interrupted: kvm1." in other.output
    run = run_playbook(lab, ROLLING, "-e", tasks, "-e", "drover_hosts=kvm1,kvm2")
    assert run.code == 0, run.output
    assert "Tasks done already: kvm1." in run.output
    assert "Still to be maintained, but not in this run: kvm3." in run.output
    assert _maintained(lab) == {"kvm1": ONCE, "kvm2": ONCE}
    assert "maintenance" not in run_playbook(lab, "drover.libvirt.status").output


def test_wants_a_file_with_tasks(lab: Lab) -> None:
    """Without tasks there would be nothing to empty hosts for."""
    run = run_playbook(lab, ROLLING, "-e", "drover_maintenance_tasks=/nowhere.yml")
    assert "Asked for: /nowhere.yml." in run.sentence
