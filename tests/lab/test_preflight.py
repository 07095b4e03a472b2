# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight on real hosts: each thing that would stop a migration is seen before it begins."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import libvirt
import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.domain import read_facts
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites import devices
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.context import Context
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

from tests.lab import faults
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.layout import SHARED
from tests.lab.playbook import PLAYBOOK_COMMAND, PlaybookRun, environment, run_playbook
from tests.lab.processes import ProcessId

pytestmark = pytest.mark.lab

EMULATOR = "/usr/bin/qemu-system-x86_64"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Lab]:
    """Three hosts of its own."""
    owner = ProcessId.of(os.getpid())
    lab = Lab.up(f"preflight-{owner.pid}", 3, owner=owner)
    yield lab
    lab.down()


@pytest.fixture
def lab(cluster: Lab) -> Iterator[Lab]:
    """The three hosts without guests."""
    cluster.reset()
    yield cluster
    cluster.reset()


def preflight(lab: Lab, *arguments: str) -> PlaybookRun:
    """Run the playbook, with each argument that is not an option as an extra variable."""
    words = [w for a in arguments for w in ((a,) if a.startswith("-") else ("-e", a))]
    return run_playbook(lab, "drover.libvirt.preflight", *words)


def run_module(lab: Lab, host: str, module: str, **options: str) -> dict[str, Any]:
    """Run a module of the collection on a host and return its result."""
    done = subprocess.run(
        [str(PLAYBOOK_COMMAND.with_name("ansible")), "-i", str(lab.inventory_path), host]
        + ["-m", f"drover.libvirt.{module}", "-a", json.dumps(options)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return found


def row(run: PlaybookRun, name: str) -> list[str]:
    """Return the cells of a VM, or of a host, in the printed table, without the numbers."""
    line = re.search(rf"^{name}  +(\S.*)$", run.output, re.MULTILINE)
    assert line, run.output
    return [cell.split()[0] for cell in re.split(r"  +", line.group(1).strip())]


@contextmanager
def filtered(host: Host, *rule: str) -> Iterator[None]:
    """Let a host treat packets on its migration interface by a rule of nftables."""
    table = ("inet", "drover-test")
    host.run(["nft", "add", "table", *table])
    try:
        chain = "{ type filter hook input priority 0; }"
        host.run(["nft", f"add chain {' '.join(table)} in {chain}"])
        host.run(["nft", "add", "rule", *table, "in", "iif", "eth1", *rule])
        yield
    finally:
        host.run(["nft", "delete", "table", *table])


@contextmanager
def covered(host: Host, path: str) -> Iterator[None]:
    """Hide a mount of a host behind an empty one."""
    host.run(["mount", "-t", "tmpfs", "none", path])
    try:
        yield
    finally:
        host.run(["umount", path])


def restart_libvirt(host: Host) -> None:
    faults.kill(host.daemon("libvirtd"))
    host.start_daemon("libvirtd")
    host.wait_ready()


@contextmanager
def older_processor(host: Host) -> Iterator[None]:
    """Take newer instructions away from the processor that a host's QEMU emulates.

    A wrapper over QEMU switches them off for the models that the tests use; libvirt sees another
    QEMU and asks it again what it offers.
    """
    missing = ("aes", "avx", "avx2", "fma", "pclmulqdq")
    models = ("max", "Westmere", "EPYC")
    options = " ".join(f"-global {m}-x86_64-cpu.{f}=off" for m in models for f in missing)
    wrapper = (
        "#!/bin/sh\n"
        "export QEMU_MODULE_DIR=/usr/lib/x86_64-linux-gnu/qemu\n"
        'exec /var/lib/drover-qemu -L /usr/share/qemu -L /usr/share/seabios "$@" ' + options
    )
    host.run(["cp", EMULATOR, "/var/lib/drover-qemu"])
    host.run(["sh", "-c", 'printf "%s\\n" "$1" >/var/lib/drover-wrapper', "sh", wrapper])
    host.run(["chmod", "755", "/var/lib/drover-wrapper"])
    host.run(["mount", "--bind", "/var/lib/drover-wrapper", EMULATOR])
    restart_libvirt(host)
    try:
        yield
    finally:
        host.run(["umount", EMULATOR])
        restart_libvirt(host)


@contextmanager
def without_machine(host: Host, machine: str) -> Iterator[None]:
    """Let libvirt of a host believe that its QEMU has no such machine type.

    What it keeps of QEMU it believes only where its own CPU looks as it did then, which differs between the cores of
    some machines; otherwise it asks QEMU again.
    """
    cache = "/var/cache/libvirt/qemu/capabilities"
    asked = ["virsh", "domcapabilities", "--machine", machine]
    host.run(["cp", "-a", cache, "/var/lib/capabilities-kept"])
    try:
        for _attempt in range(20):
            host.run(["sh", "-c", f"sed -i '/<machine .*{machine}/d' {cache}/*.xml"])
            restart_libvirt(host)
            if host.run(asked, check=False).returncode:
                break
        yield
    finally:
        host.run(["sh", "-c", f"rm -rf {cache}; mv /var/lib/capabilities-kept {cache}"])
        restart_libvirt(host)


def give_cpu(lab: Lab, name: str, host: str, cpu: str) -> None:
    """Define a VM with another CPU and restart it."""
    connection = lab.hosts[host].connection()
    domain = connection.lookupByName(name)
    definition = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    connection.defineXML(re.sub(r"<cpu.*?</cpu>", cpu, definition, flags=re.DOTALL))
    domain.destroy()
    domain.create()
    connection.close()


def define_copy(lab: Lab, name: str, host: str, on: str, **replaced: str) -> None:
    """Define on another host what a VM is defined as, with other texts in places."""
    definition = lab.hosts[host].run(["virsh", "dumpxml", "--inactive", name]).stdout
    for tag, text in replaced.items():
        definition = re.sub(rf"<{tag}>[^<]*</{tag}>", f"<{tag}>{text}</{tag}>", definition)
    connection = lab.hosts[on].connection()
    connection.defineXML(definition)
    connection.close()


def test_healthy_hosts_pass_and_nothing_is_left_behind(lab: Lab) -> None:
    """Every VM may go everywhere, with and without check mode; a second run changes nothing and no
    listener is left."""
    lab.start_guest("vm1", "kvm1")
    lab.start_guest("vm2", "kvm2")
    first = preflight(lab, "drover_hosts=kvm1")
    assert first.code == 0, first.output
    # Only what concerns it is looked at: the ways between the others, and their VMs, are not.
    assert [row(first, name) for name in ("kvm2", "kvm3")] == [
        ["yes", "here", "-"],
        ["yes", "-", "here"],
    ]
    assert not re.search("^vm2 ", first.output, re.MULTILINE)
    again = preflight(lab, "--check")
    assert again.code == 0, again.output
    assert again.changed == 0
    assert row(again, "vm1") == ["here", "yes", "yes"]
    assert row(again, "vm2") == ["yes", "here", "yes"]
    for host in lab.hosts.values():
        assert ":49152" not in host.run(["ss", "-Hltn"]).stdout


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (("tcp", "dport", "49152-49200", "drop"), "does not answer on the ports 49152, 49183"),
        (("tcp", "dport", "49152-49215", "reject"), "refuses connections to the ports 49152"),
        (("meta", "length", "gt", "1000", "drop"), "but large packets do not arrive"),
    ],
)
def test_ports_that_are_blocked_are_found(lab: Lab, rule: tuple[str, ...], words: str) -> None:
    """Dropped, rejected, and only small packets passing: each is told apart, blocks the pair, and
    fails what was asked for; without a question it only informs."""
    lab.start_guest("vm1", "kvm1")
    with filtered(lab.hosts["kvm3"], *rule):
        asked = preflight(lab, "drover_hosts=kvm1")
        informed = preflight(lab)
    assert asked.code != 0
    assert words in asked.sentence
    assert "kvm3" in asked.sentence
    assert informed.code == 0
    assert row(informed, "vm1") == ["here", "yes", "NO"]
    assert row(informed, "kvm3") == ["yes", "yes", "here"]


def test_a_migration_meanwhile_takes_the_next_port(lab: Lab) -> None:
    """The listener holds the first port of the range, and libvirt migrates to the host all the
    same; told to stop, it is gone."""
    lab.start_guest("vm1", "kvm1", disk=False)
    there = lab.hosts["kvm2"]
    began = run_module(lab, "kvm2", "preflight_listener", address=there.migration_address)
    assert began["ports"] == [49152, 49183, 49215]
    uri = f"tcp://{there.migration_address}"
    lab.hosts["kvm1"].run(
        ["virsh", "migrate", "--live", "--p2p", "vm1", "qemu+ssh://root@kvm2/system"]
        + ["--persistent", "--undefinesource", "--migrateuri", uri]
    )
    assert [place.host for place in lab.where("vm1")] == ["kvm2"]
    stopped = {"address": there.migration_address, "state": "stopped"}
    assert run_module(lab, "kvm2", "preflight_listener", **stopped)["stopped"]
    assert not run_module(lab, "kvm2", "preflight_listener", **stopped)["stopped"]


def test_an_evacuation_after_a_preflight_avoids_what_failed(lab: Lab) -> None:
    """No VM is sent to a host whose migration ports are dropped, and the plan's reason is there
    when that host is asked for."""
    lab.start_guest("vm1", "kvm1")
    lab.start_guest("vm2", "kvm1")
    lab.start_guest("other", "kvm2")  # by itself the planner would prefer kvm3
    with filtered(lab.hosts["kvm3"], "tcp", "dport", "49152-49215", "drop"):
        run = run_playbook(
            lab,
            "drover.libvirt.evacuate",
            *("-e", "drover_hosts=kvm1", "-e", "drover_preflight=true"),
        )
        asked = run_playbook(
            lab,
            "drover.libvirt.migrate",
            *("-e", "drover_vm=vm1", "-e", "drover_destination=kvm3"),
            *("-e", "drover_preflight=true"),
        )
    assert run.code == 0, run.output
    assert [place.host for name in ("vm1", "vm2") for place in lab.where(name)] == ["kvm2"] * 2
    assert asked.code != 0
    assert "does not answer on the ports" in asked.sentence, asked.output
    for host in lab.hosts.values():
        host.run(["rm", "-rf", "/var/lib/drover/marks"])


def test_everything_wrong_is_said_at_once(lab: Lab) -> None:
    """A missing bridge, other storage, another VM of the name, an older definition and a snapshot
    all stand in one report, each with its remedy, and the exit code follows what was asked."""
    lab.hosts["kvm1"].run(["ip", "link", "add", "br9", "type", "bridge"])
    lab.hosts["kvm1"].run(["ip", "link", "set", "br9", "up"])
    lab.start_guest("plugged", "kvm1", bridge="br9", disk=False)
    lab.start_guest("namesake", "kvm1", disk=False)
    lab.start_guest("stale", "kvm1", disk=False)
    lab.start_guest("stored", "kvm1")
    lab.start_guest("tied", "kvm2")
    lab.hosts["kvm2"].run(["virsh", "snapshot-create-as", "tied", "s1", "--disk-only"])
    define_copy(lab, "namesake", "kvm1", "kvm3", uuid=str(uuid.uuid4()))
    define_copy(lab, "stale", "kvm1", "kvm2")
    try:
        assert preflight(lab).code == 0  # marks the storage
        with covered(lab.hosts["kvm3"], str(SHARED)):
            run = preflight(lab)
            one_way_is_enough = preflight(lab, "drover_vm=namesake")
            that_way_is_not = preflight(lab, "drover_vm=stored", "drover_destination=kvm3")
    finally:
        lab.hosts["kvm1"].run(["ip", "link", "delete", "br9"])
        lab.hosts["kvm3"].run(["virsh", "undefine", "namesake"])
        lab.hosts["kvm2"].run(["virsh", "undefine", "stale"])
    assert run.code == 0, run.output
    assert row(run, "plugged") == ["here", "NO", "NO"]
    assert row(run, "namesake") == ["here", "yes", "NO"]
    assert row(run, "stored") == ["here", "yes", "NO"]
    assert row(run, "stale") == ["here", "yes", "yes"]
    assert row(run, "tied") == ["NO", "here", "NO"]
    for words in (
        "There is no bridge br9 on kvm2.",
        "kvm3 has another VM with the name namesake",
        "but on kvm3 a tmpfs of that host alone",
        "It has 1 snapshot",
        "kvm2 has an older definition of the VM",
        "Mount the same storage there at the same path.",
    ):
        assert words in run.output, run.output
    assert one_way_is_enough.code == 0, one_way_is_enough.output
    assert that_way_is_not.code != 0
    assert "stored" in that_way_is_not.sentence


def test_a_machine_type_that_a_host_lacks_is_found(lab: Lab) -> None:
    """The pair is named with the machine type; other hosts suit the VM."""
    lab.start_guest("vm1", "kvm1")
    definition = ET.fromstring(lab.hosts["kvm1"].run(["virsh", "dumpxml", "vm1"]).stdout)
    kind = definition.find("os/type")
    assert kind is not None
    with without_machine(lab.hosts["kvm3"], kind.get("machine", "")):
        run = preflight(lab, "drover_vm=vm1")
        to_it = preflight(lab, "drover_vm=vm1", "drover_destination=kvm3")
    assert run.code == 0, run.output
    assert row(run, "vm1") == ["here", "yes", "NO"], run.output
    assert to_it.code != 0
    assert kind.get("machine", "") in to_it.sentence


def test_a_host_whose_trust_is_missing_and_one_that_is_off_are_named(lab: Lab) -> None:
    """Without its key kvm1 cannot reach its peers, which blocks that way only; a host that is off
    is named, and may be left out."""
    lab.start_guest("vm1", "kvm2")
    source = lab.hosts["kvm1"]
    source.run(["mv", "/root/.ssh/id_ed25519", "/root/key-away"])
    try:
        run = preflight(lab)
    finally:
        source.run(["mv", "/root/key-away", "/root/.ssh/id_ed25519"])
    assert "kvm1 does not reach libvirt of kvm2" in run.output
    assert row(run, "kvm1") == ["here", "NO", "NO"]
    assert row(run, "vm1") == ["yes", "here", "yes"]
    lab.hosts["kvm3"].power_off()
    refused = preflight(lab, "drover_hosts=kvm2")
    assert refused.code != 0
    assert "kvm3 could not be looked at" in refused.output
    left_out = preflight(lab, "drover_hosts=kvm2", "drover_unreachable=ignore")
    assert "What blocks" in left_out.output
    assert row(left_out, "vm1") == ["yes", "here"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("drover_hosts=kvm9",), "There is no host kvm9"),
        (("drover_vm=vm9",), "runs a VM vm9"),
        (("drover_group=vmhosts",), "no group vmhosts"),
        (("--limit", "kvm1"), "--limit kvm1 left out kvm2"),
    ],
)
def test_what_is_not_there_is_refused(lab: Lab, arguments: tuple[str, ...], words: str) -> None:
    """One sentence says what does not exist."""
    options = arguments if arguments[0].startswith("-") else ("-e", *arguments)
    run = run_playbook(lab, "drover.libvirt.preflight", *options)
    assert run.code != 0
    assert words in run.sentence, run.output


@pytest.mark.slow
def test_a_baseline_lets_a_vm_run_on_an_older_processor(lab: Lab) -> None:
    """A VM with the newest CPU may not go to a host that lacks features, which are named. The
    baseline goes into its definition and not into the running VM; restarted, it may go there
    and does."""
    with older_processor(lab.hosts["kvm3"]):
        lab.start_guest("vm1", "kvm1", autostart=True)
        give_cpu(lab, "vm1", "kvm1", "<cpu mode='host-model'/>")
        before = preflight(lab, "drover_vm=vm1", "drover_destination=kvm3")
        assert before.code != 0
        assert "it lacks" in before.sentence
        assert "avx2" in before.sentence

        ask = ("drover.libvirt.cpu_baseline", "-e", "cpu_baseline_domain_type=qemu")
        seen = run_playbook(lab, *ask, "--check", "--diff")
        assert seen.code == 0, seen.output
        assert "CPU of vm1" in seen.output
        live = lab.hosts["kvm1"].run(["virsh", "dumpxml", "vm1"]).stdout
        defined = run_playbook(lab, *ask)
        assert defined.code == 0, defined.output
        assert "To be shut down and started: vm1." in defined.output
        assert lab.hosts["kvm1"].run(["virsh", "dumpxml", "vm1"]).stdout == live
        assert run_playbook(lab, *ask).changed == 0
        assert lab.where("vm1")[0].autostart

        lab.hosts["kvm1"].run(["virsh", "destroy", "vm1"])
        lab.hosts["kvm1"].run(["virsh", "start", "vm1"])
        assert "To be shut down and started: vm1." not in run_playbook(lab, *ask).output
        after = preflight(lab, "drover_vm=vm1", "drover_destination=kvm3")
        assert after.code == 0, after.output
        moved = run_playbook(
            lab, "drover.libvirt.migrate", "-e", "drover_vm=vm1", "-e", "drover_destination=kvm3"
        )
        assert moved.code == 0, moved.output
        assert [place.host for place in lab.where("vm1")] == ["kvm3"]
        lab.remove_guests()


def test_secrets_firmware_and_tpm_are_looked_for_on_the_destination(lab: Lab) -> None:
    """A secret that is not there blocks, as does a TPM where there is no emulator for it; firmware
    that libvirt does not know is a warning; a secret that is there is accepted."""
    lab.start_guest("vm1", "kvm1", disk=False)
    known = str(uuid.uuid4())
    secret = f"<secret><uuid>{known}</uuid><usage type='ceph'><name>{known}</name></usage></secret>"
    source, destination = lab.hosts["kvm1"].connection(), lab.hosts["kvm2"].connection()
    facts = read_facts(source, "vm1", None, "kvm1")
    definition = ET.fromstring(facts.live_xml)
    for wanted in (known, str(uuid.uuid4())):
        ET.SubElement(definition, "secret", type="ceph", uuid=wanted)
    loader = ET.SubElement(_child(definition, "os"), "loader")
    loader.text = "/usr/share/nowhere.fd"
    tpm = ET.SubElement(_child(definition, "devices"), "tpm")
    ET.SubElement(tpm, "backend", type="emulator")
    made = destination.secretDefineXML(secret)
    try:
        request = MigrationRequest("vm1", "", "", source="kvm1", destination="kvm2")
        context = Context(request, source, destination, facts, definition, EndState())
        found = [finding for check in devices.CHECKS for finding in check(context)]
    finally:
        made.undefine()
        source.close()
        destination.close()
    assert [(f.id, f.severity, f.passed) for f in found] == [
        ("secret", "info", True),
        ("secret", "block", False),
        ("firmware", "warn", False),
        ("tpm", "info", True) if shutil.which("swtpm") else ("tpm", "block", False),
    ]


def _child(element: ET.Element, tag: str) -> ET.Element:
    child = element.find(tag)
    assert child is not None
    return child
