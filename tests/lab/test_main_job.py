# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, end to end: hosts are emptied and put back by the playbooks that operators run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.lab.echo_client import EchoClient
from tests.lab.lab import Lab
from tests.lab.playbook import ROOT, command, environment, run_playbook

pytestmark = pytest.mark.lab

HOSTS = ("kvm1", "kvm2", "kvm3", "kvm4")


@pytest.fixture
def lab(blank_cluster: Lab) -> Lab:
    """The cluster that an operator's commands are given to."""
    return blank_cluster


def start(lab: Lab, **hosts: str) -> None:
    """Start a tiny guest per name on the host given."""
    for name, host in hosts.items():
        lab.start_guest(name, host, autostart=True)


def places(lab: Lab) -> dict[str, list[str]]:
    """Return the hosts that know each VM; every VM must run wherever it is known."""
    found = {}
    for name, where in lab.guests().items():
        assert [place.state for place in where] == ["running"] * len(where), (name, where)
        found[name] = [place.host for place in where]
    return found


def evacuate(lab: Lab, hosts: str, *arguments: str) -> object:
    return run_playbook(lab, "drover.libvirt.evacuate", "-e", f"drover_hosts={hosts}", *arguments)


def test_ten_vms_leave_a_host_and_come_back(lab: Lab) -> None:
    """Every VM runs exactly once and is defined exactly once, autostart is kept, a TCP connection
    survives, and each second run changes nothing."""
    server = lab.start_linux_guest("web1", "kvm2", autostart=True)
    start(lab, **{f"vm{number}": "kvm2" for number in range(1, 10)}, other="kvm1")
    with EchoClient(server.address, server.port) as client:
        emptied = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
        assert emptied.code == 0, emptied.output
        assert "web1: kvm2 → " in emptied.output
        assert "done [10/10]" in emptied.output
        assert all(len(where) == 1 and where != ["kvm2"] for where in places(lab).values())
        assert all(place.autostart for name in ("web1", "vm1", "vm9") for place in lab.where(name))
        assert run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2").changed == 0

        status = run_playbook(lab, "drover.libvirt.status")
        assert "maintenance" in status.output
        assert "10 VMs to bring back" in status.output

        restored = run_playbook(lab, "drover.libvirt.restore", "-e", "drover_hosts=kvm2")
        assert restored.code == 0, restored.output
        assert {name for name, where in places(lab).items() if where == ["kvm2"]} == {
            "web1",
            *(f"vm{n}" for n in range(1, 10)),
        }
        assert run_playbook(lab, "drover.libvirt.restore", "-e", "drover_hosts=kvm2").changed == 0
        seen = client.record()
    assert seen.broken is None
    for number in range(1, 10):
        assert set(lab.check_ran_once(f"vm{number}").hosts) > {"kvm2"}


def test_check_mode_shows_the_plan_as_a_diff_and_moves_nothing(lab: Lab) -> None:
    """The diff lists the VMs of each host; nothing moved, no mark, no execution is left."""
    start(lab, vm1="kvm2", vm2="kvm1")
    run = run_playbook(
        lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2", "--check", "--diff"
    )
    assert run.code == 0, run.output
    assert run.changed > 0
    assert "VMs on kvm2 (now)" in run.output
    assert "\n-vm1\n" in run.output
    assert places(lab) == {"vm1": ["kvm2"], "vm2": ["kvm1"]}
    assert all(
        host.run(["ls", "/var/lib/drover"], check=False).returncode for host in lab.hosts.values()
    )


def test_two_hosts_are_emptied_together(lab: Lab) -> None:
    """No VM of the one lands on the other."""
    start(lab, vm1="kvm1", vm2="kvm1", vm3="kvm2", vm4="kvm2", vm5="kvm3")
    run = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm1,kvm2")
    assert run.code == 0, run.output
    assert {where[0] for where in places(lab).values()} <= {"kvm3", "kvm4"}


def test_vms_may_be_left_where_they_are_when_maintenance_ends(lab: Lab) -> None:
    """drover_return=false takes the mark away and moves nothing."""
    start(lab, vm1="kvm2")
    emptied = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
    assert emptied.code == 0, emptied.output
    away = places(lab)
    run = run_playbook(
        lab, "drover.libvirt.restore", "-e", "drover_hosts=kvm2", "-e", "drover_return=false"
    )
    assert run.code == 0, run.output
    assert places(lab) == away
    assert "maintenance" not in run_playbook(lab, "drover.libvirt.status").output


def test_one_vm_goes_where_a_person_says(lab: Lab) -> None:
    """It moves, and asking again changes nothing."""
    start(lab, vm1="kvm1")
    ask = ("drover.libvirt.migrate", "-e", "drover_vm=vm1", "-e", "drover_destination=kvm3")
    run = run_playbook(lab, *ask)
    assert run.code == 0, run.output
    assert places(lab) == {"vm1": ["kvm3"]}
    assert run_playbook(lab, *ask).changed == 0


def test_a_crowded_host_is_relieved_and_then_the_cluster_is_at_rest(lab: Lab) -> None:
    """Balance moves VMs off the fullest host, and a second run finds nothing to do."""
    for number in range(1, 7):
        lab.start_guest(f"vm{number}", "kvm1", memory_mib=1024)
    run = run_playbook(lab, "drover.libvirt.balance")
    assert run.code == 0, run.output
    hosts = [where[0] for where in places(lab).values()]
    assert max(hosts.count(host) for host in HOSTS) <= 3
    again = run_playbook(lab, "drover.libvirt.balance")
    assert (again.code, again.changed) == (0, 0), again.output


def test_vms_are_brought_onto_fewer_hosts(lab: Lab) -> None:
    """Consolidation empties hosts, names them, and a second run finds nothing to do."""
    start(lab, vm1="kvm1", vm2="kvm2", vm3="kvm3", vm4="kvm4")
    run = run_playbook(lab, "drover.libvirt.consolidate")
    assert run.code == 0, run.output
    assert len({where[0] for where in places(lab).values()}) == 1
    assert "May be switched off afterwards: " in run.output
    again = run_playbook(lab, "drover.libvirt.consolidate")
    assert (again.code, again.changed) == (0, 0), again.output


def test_a_vm_that_moved_tells_when(lab: Lab, tmp_path: Path) -> None:
    """The moment travels with the VM, in both of its definitions, and so it does not move again at once."""
    start(lab, vm1="kvm1")
    began = datetime.now().astimezone()
    ask = ("drover.libvirt.migrate", "-e", "drover_vm=vm1", "-e", "drover_destination=kvm3")
    assert run_playbook(lab, *ask).code == 0
    facts = tmp_path / "facts.json"
    assert run_playbook(lab, "drover.libvirt.status", "-e", f"drover_facts_file={facts}").code == 0
    (vm,) = json.loads(facts.read_text())["domains"]
    moved = vm["last_migration"]
    age_s = (datetime.fromisoformat(moved["at"]) - began).total_seconds()
    assert (moved["failed"], -1 <= age_s < 120) == (False, True)
    on_disk = lab.hosts["kvm3"].run(["virsh", "dumpxml", "--inactive", "vm1"])
    assert moved["at"] in on_disk.stdout
    quiet = json.dumps({"cooldown": {"quiet_s": 3600}})
    run = run_playbook(lab, "drover.libvirt.balance", "-e", f'{{"drover_policy": {quiet}}}')
    assert "Nothing moves now: the last migration of the cluster was " in run.output


def test_nothing_starts_that_would_end_after_the_deadline(lab: Lab) -> None:
    """An evacuation that would take longer is refused, and the host is not marked."""
    start(lab, vm1="kvm1")
    deadline = (datetime.now() + timedelta(seconds=20)).isoformat(timespec="seconds")
    run = run_playbook(
        lab,
        "drover.libvirt.evacuate",
        "-e",
        "drover_hosts=kvm1",
        "-e",
        f"drover_deadline={deadline}",
        "-e",
        '{"drover_policy": {"limits": {"bandwidth_mib_s": 1}}}',
    )
    assert run.code != 0
    assert " busy for " in run.output, run.output
    assert places(lab) == {"vm1": ["kvm1"]}


def test_facts_kept_by_status_plan_without_ansible(lab: Lab, tmp_path: Path) -> None:
    """The command drover makes the plan from the file, and shows it."""
    start(lab, vm1="kvm2")
    facts = tmp_path / "facts.json"
    assert run_playbook(lab, "drover.libvirt.status", "-e", f"drover_facts_file={facts}").code == 0
    drover = ROOT / ".venv/bin/drover"
    plan = tmp_path / "plan.json"
    subprocess.run(
        [drover, "plan", "--facts", facts, "--goal", "evacuate", "--host", "kvm2", "--out", plan],
        check=True,
    )
    assert json.loads(plan.read_text())["placement"]["vm1"] != "kvm2"
    shown = subprocess.run(
        [drover, "show", plan], check=True, capture_output=True, text=True
    ).stdout
    assert "vm1" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["drover.libvirt.evacuate", "-e", "drover_hosts=kvm9"],
            "Asked for: kvm9. Hosts of the cluster: kvm1",
        ),
        (["drover.libvirt.evacuate"], "Name the hosts with -e drover_hosts"),
        (
            ["drover.libvirt.evacuate", "-e", "drover_hosts=kvm2", "-e", "drover_group=vmhosts"],
            "no group vmhosts",
        ),
        (
            ["drover.libvirt.evacuate", "-e", "drover_hosts=kvm2", "--limit", "kvm2"],
            "--limit kvm2 left out kvm1",
        ),
        (["drover.libvirt.migrate", "-e", "drover_vm=vm9", "-e", "drover_destination=kvm3"], "vm9"),
        (
            ["drover.libvirt.migrate", "-e", "drover_vm=vm1", "-e", "drover_destination=kvm9"],
            "kvm9",
        ),
        (["drover.libvirt.migrate", "-e", "drover_vm=vm1"], "-e drover_destination=HOST"),
        (
            [
                "drover.libvirt.evacuate",
                "-e",
                "drover_hosts=kvm2",
                "-e",
                '{"drover_policy": {"headroom": {"cpu": 7}}}',
            ],
            "headroom.cpu",
        ),
        (
            [
                "drover.libvirt.evacuate",
                "-e",
                "drover_hosts=kvm2",
                "-e",
                "drover_policy=/nowhere.yml",
            ],
            "/nowhere.yml",
        ),
    ],
)
def test_bad_input_gives_one_sentence_and_moves_nothing(
    lab: Lab, arguments: list[str], words: str
) -> None:
    """The sentence says what is wrong; nothing moved and no host is marked."""
    start(lab, vm1="kvm2")
    run = run_playbook(lab, *arguments)
    assert run.code != 0
    assert words in run.sentence, run.output
    assert places(lab) == {"vm1": ["kvm2"]}
    kept = [f"/var/lib/drover/{kind}" for kind in ("marks", "executions")]
    for host in lab.hosts.values():
        assert not host.run(["find", *kept, "-type", "f"], check=False).stdout


def test_a_vm_that_cannot_move_is_named_with_the_reason(lab: Lab) -> None:
    """A VM with a snapshot stops the evacuation before anything moves."""
    start(lab, vm1="kvm2", vm2="kvm2")
    lab.hosts["kvm2"].run(["virsh", "snapshot-create-as", "vm1", "s1", "--disk-only"])
    run = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
    assert run.code != 0
    assert "vm1" in run.sentence
    assert "snapshot" in run.sentence
    assert places(lab) == {"vm1": ["kvm2"], "vm2": ["kvm2"]}


def test_no_room_names_the_shortage(lab: Lab, tmp_path: Path) -> None:
    """With a policy that leaves almost no memory, the sentence says how much is missing, and
    nothing moves."""
    start(lab, vm1="kvm2", vm2="kvm1")
    policy = tmp_path / "policy.yml"
    policy.write_text(yaml.safe_dump({"headroom": {"memory": 0.995}}))
    run = run_playbook(
        lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2", "-e", f"drover_policy={policy}"
    )
    assert run.code != 0
    assert "MiB" in run.sentence
    assert places(lab) == {"vm1": ["kvm2"], "vm2": ["kvm1"]}


def test_an_unreachable_host_stops_everything_unless_it_is_left_out(lab: Lab) -> None:
    """The host is named; with drover_unreachable=ignore the others are planned without it."""
    start(lab, vm1="kvm2")
    lab.hosts["kvm4"].power_off()
    run = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
    assert run.code != 0
    assert "kvm4" in run.sentence
    assert places(lab) == {"vm1": ["kvm2"]}
    left_out = ("-e", "drover_hosts=kvm2", "-e", "drover_unreachable=ignore")
    run = run_playbook(lab, "drover.libvirt.evacuate", *left_out)
    assert run.code == 0, run.sentence
    assert places(lab)["vm1"][0] in ("kvm1", "kvm3")


def _until(condition: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _journal(lab: Lab, host: str) -> str:
    return (
        lab.hosts[host]
        .run(["sh", "-c", "cat /var/lib/drover/executions/*/journal.jsonl"], check=False)
        .stdout
    )


def test_ctrl_c_lets_the_running_migration_end_and_starts_no_more(lab: Lab) -> None:
    """Every VM runs once wherever it is, the rest is reported as not started, and a second run
    finishes."""
    start(lab, **{f"vm{number}": "kvm2" for number in range(1, 7)})
    process = subprocess.Popen(
        command(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    _until(lambda: "migration_started" in _journal(lab, "kvm1"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    _until(lambda: "execution_ended" in _journal(lab, "kvm1"))
    left = [name for name, where in places(lab).items() if where == ["kvm2"]]
    assert left
    emptied = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
    assert emptied.code == 0, emptied.output
    assert all(len(where) == 1 and where != ["kvm2"] for where in places(lab).values())
    for number in range(1, 7):
        lab.check_ran_once(f"vm{number}")


def test_a_controller_that_is_killed_leaves_nothing_half_done(lab: Lab) -> None:
    """After SIGKILL the executor ends what runs, starts no more once the heartbeat is old, and a
    second run finishes."""
    start(lab, **{f"vm{number}": "kvm2" for number in range(1, 9)})
    process = subprocess.Popen(
        command(
            lab,
            "drover.libvirt.evacuate",
            "-e",
            "drover_hosts=kvm2",
            "-e",
            "drover_heartbeat_timeout=3",
        ),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _until(lambda: "migration_started" in _journal(lab, "kvm1"))
    _kill_tree(process.pid)
    process.wait(timeout=30)
    _until(lambda: "execution_ended" in _journal(lab, "kvm1"))
    assert "has not been heard of" in _journal(lab, "kvm1")
    assert any(where == ["kvm2"] for where in places(lab).values())
    emptied = run_playbook(lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2")
    assert emptied.code == 0, emptied.output
    assert all(len(where) == 1 and where != ["kvm2"] for where in places(lab).values())
    for number in range(1, 9):
        lab.check_ran_once(f"vm{number}")


def _kill_tree(pid: int) -> None:
    """Kill a process and its descendants: Ansible's workers live in sessions of their own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(pid, signal.SIGKILL)
    for child in children:
        _kill_tree(int(child))
