# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts from the output of virsh."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from planner.commands.drover import main
from planner.errors import InputError
from planner.importers.source import Source
from planner.importers.virsh import blockers, disks
from planner.importers.virsh.host import Files, from_virsh

NODEINFO = """\
CPU model:           x86_64
CPU(s):              16
CPU frequency:       2400 MHz
Memory size:         65840000 KiB
"""
LIST = """\
 Id   Name       State
---------------------------
 1    web1       running
 -    old one    shut off
"""
DOMINFO = """\
Id:             1
Name:           web1
UUID:           6695eb01-f6a4-8304-79aa-97f2502e193f
OS Type:        hvm
State:          running
CPU(s):         2
CPU time:       17.2s
Max memory:     8388608 KiB
Used memory:    2097152 KiB

Id:             -
Name:           old one
UUID:           6695eb01-f6a4-8304-79aa-97f2502e1940
OS Type:        hvm
State:          shut off
CPU(s):         1
Max memory:     1048576 KiB
"""
DUMPXML = """\
<?xml version='1.0'?>
<domain type='kvm' id='1'>
  <name>web1</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <memory unit='KiB'>8388608</memory>
  <vcpu placement='static' current='3'>4</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu mode='custom' match='exact'><model fallback='forbid'>Skylake-Server</model></cpu>
  <devices>
    <interface type='bridge'><source bridge='br0'/></interface>
    <interface type='network'><source network='default'/></interface>
    <hostdev mode='subsystem' type='pci'/>
  </devices>
</domain>
"""


def stats(epoch: float, cpu_ns: int) -> str:
    """Return the statistics of web1 at a moment."""
    return (
        f"epoch={epoch}\nDomain: 'web1'\n  state.state=1\n  cpu.time={cpu_ns}\n"
        "  balloon.current=8388608\n  balloon.rss=2097152\n  vcpu.current=2\n"
    )


def folder(**more: str) -> Files:
    """Return the files of the host kvm1."""
    texts = {"nodeinfo.txt": NODEINFO, "list.txt": LIST, "dominfo.txt": DOMINFO}
    texts |= {key.replace("_", ".", 1).replace("_", "-"): text for key, text in more.items()}
    return {name: Source(f"kvm1/{name}", text) for name, text in texts.items() if text}


def test_tables_of_virsh() -> None:
    """nodeinfo, list and dominfo are enough for facts."""
    facts = from_virsh({"kvm1": folder()}, busy_share=0.1).facts
    assert facts["hosts"] == [
        {"name": "kvm1", "vcpus": 16, "memory_mib": 64296, "cpu": {"arch": "x86_64"}}
    ]
    web, old = facts["domains"]
    assert (web["name"], web["vcpus"], web["memory_mib"], web["state"], web["cpu_usage"]) == (
        "web1",
        2,
        8192,
        "running",
        0.2,
    )
    assert (old["name"], old["state"], old["cpu_usage"]) == ("old one", "shutoff", 0.0)


def test_live_xml_says_more_than_dominfo() -> None:
    """dumpxml brings what decides about the hosts a VM may go to; what is in both is taken from it."""
    web = from_virsh({"kvm1": folder(dumpxml_xml=DUMPXML)}).facts["domains"][0]
    assert web["vcpus"] == 3
    assert web["machine"] == "pc-q35-7.2"
    assert (web["bridges"], web["networks"]) == (["br0"], ["default"])
    assert web["cpu"] == {"mode": "custom", "model": "Skylake-Server"}
    assert web["blockers"][0]["code"] == "host_device"


@pytest.mark.parametrize(
    ("devices", "code"),
    [
        ("<devices><interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface></devices>", "host_interface"),
        ("<launchSecurity type='sev'/>", "encrypted_memory"),
        ("<launchSecurity type='tdx'/>", "encrypted_memory"),
        ("<devices><disk type='nvme'><source type='pci'/><target dev='vda'/></disk></devices>", "host_device"),
        ("<devices><tpm><backend type='passthrough'/></tpm></devices>", "host_device"),
        ("<devices><shmem name='s' role='peer'/></devices>", "shared_memory"),
        ("<devices><disk type='file'><target dev='vda'/><transient/></disk></devices>", "transient_disk"),
        ("<devices><filesystem type='mount'><source dir='/srv'/></filesystem></devices>", "host_file_system"),
    ],
)  # fmt: skip
def test_blockers_are_found_in_definitions(devices: str, code: str) -> None:
    """What the definition alone tells is found, in the words of host_info."""
    xml = f"<domain><name>web1</name><memory>1024</memory><vcpu>1</vcpu>{devices}</domain>"
    (found,) = from_virsh({"kvm1": folder(dumpxml_xml=xml)}).facts["domains"][0]["blockers"]
    assert found["code"] == code


@pytest.mark.parametrize("module", [blockers, disks])
def test_definitions_are_judged_by_the_code_of_host_info(module: ModuleType) -> None:
    """The files are links: hosts and importer cannot differ, and neither needs the other to be installed."""
    facts = Path(__file__).parents[3] / "plugins" / "module_utils" / "_facts"
    assert Path(str(module.__file__)).resolve().parent == facts


def test_storage_is_taken_as_shared() -> None:
    """virsh does not say where images and volumes are seen, so they keep no VM where it is."""
    xml = (
        "<domain><name>web1</name><memory>1024</memory><vcpu>1</vcpu><devices>"
        "<disk type='file'><source file='/var/lib/v.img'/><target dev='vda'/></disk>"
        "<disk type='volume'><source pool='p' volume='v'/><target dev='vdb'/></disk>"
        "</devices></domain>"
    )
    assert "blockers" not in from_virsh({"kvm1": folder(dumpxml_xml=xml)}).facts["domains"][0]


@pytest.mark.parametrize("name", ["a  b", "in  shut off", "running", "x" * 60])
def test_names_may_hold_blanks(name: str) -> None:
    """A name ends where the state begins, whatever stands in it."""
    listed = f" Id   Name   State\n-----------\n 1    {name}   running\n -    old one    shut off\n"
    xml = f"<domain><name>{name}</name><memory>1024</memory><vcpu>1</vcpu></domain>"
    facts = from_virsh({"kvm1": folder(list_txt=listed, dumpxml_xml=xml)}).facts
    assert [(d["name"], d["state"]) for d in facts["domains"]] == [
        (name, "running"),
        ("old one", "shutoff"),
    ]


def test_files_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Windows puts one there when it saves what a terminal showed."""
    (tmp_path / "in" / "kvm1").mkdir(parents=True)
    for file, text in (("nodeinfo.txt", NODEINFO), ("list.txt", LIST), ("dominfo.txt", DOMINFO)):
        (tmp_path / "in" / "kvm1" / file).write_text(text, encoding="utf-8-sig")
    out = tmp_path / "facts.json"
    assert main(["import", "--from", "virsh", str(tmp_path / "in"), "--out", str(out)]) == 0


def test_load_comes_from_two_samples() -> None:
    """Busy vCPUs are CPU time over time: 15 s in 10 s are 1.5 vCPUs."""
    files = folder(domstats_txt=stats(1000, 10**9))
    files = {
        **files,
        "domstats-later.txt": Source("kvm1/domstats-later.txt", stats(1010, 16 * 10**9)),
    }
    imported = from_virsh({"kvm1": files})
    web = imported.facts["domains"][0]
    assert (web["cpu_usage"], web["memory_used_mib"], web["vcpus"]) == (1.5, 2048, 2)
    assert not any("busy" in note for note in imported.notes)


def test_a_definition_left_behind_is_a_note() -> None:
    """A VM that runs on one host and is defined on another is one VM."""
    there = folder(
        list_txt=LIST.replace(" 1    web1       running", " -    web1       shut off").replace(
            "old one", "new one"
        )
    )
    there = {
        **there,
        "dominfo.txt": Source("kvm2/dominfo.txt", DOMINFO.replace("old one", "new one")),
    }
    imported = from_virsh({"kvm1": folder(), "kvm2": there})
    assert [domain["host"] for domain in imported.facts["domains"] if domain["name"] == "web1"] == [
        "kvm1"
    ]
    assert "VM web1 is also defined on kvm2, where it is shut off." in imported.notes


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"nodeinfo_txt": ""}, "there is no nodeinfo.txt in the folder of kvm1"),
        (
            {"nodeinfo_txt": "CPU(s): 4\n"},
            "kvm1/nodeinfo.txt, line 1: this is not the output of 'LC_ALL=C virsh nodeinfo'",
        ),
        (
            {"nodeinfo_txt": NODEINFO.replace("65840000 KiB", "64 GB")},
            "nodeinfo.txt, line 4: Memory size is '64 GB'",
        ),
        (
            {"list_txt": "nothing\n"},
            "kvm1/list.txt, line 1: this is not the output of 'LC_ALL=C virsh list --all'",
        ),
        (
            {"list_txt": LIST.replace("running", "laufend")},
            "kvm1/list.txt, line 3: 'laufend' is not a state of a domain",
        ),
        (
            {"list_txt": LIST + " 2    web2       running\n"},
            "list.txt, line 5: VM web2 is neither in dumpxml.xml nor in dominfo",
        ),
        (
            {"dominfo_txt": DOMINFO.replace("Max memory", "Memory")},
            "dominfo.txt, line 1: this output of",
        ),
        (
            {"dumpxml_xml": DUMPXML.replace("</os>", "")},
            "kvm1/dumpxml.xml, line 14: this is not well-formed XML",
        ),
        (
            {"dumpxml_xml": DUMPXML.replace("'KiB'", "'parsec'")},
            "dumpxml.xml, line 3: the memory of web1 has the unknown unit",
        ),
        (
            {"domstats_txt": "Domain: 'web1'\n"},
            "domstats.txt, line 1: the first line must say when this was read",
        ),
        (
            {"domstats_txt": stats(1, 1).replace("cpu.time=1", "cpu.time=x")},
            "domstats.txt, line 4: cpu.time is 'x'",
        ),
    ],
)
def test_broken_output_is_one_sentence(files: dict[str, str], words: str) -> None:
    """A fault in a file of virsh is told with file and line."""
    with pytest.raises(InputError) as caught:
        from_virsh({"kvm1": folder(**files)})
    assert words in caught.value.message


def test_samples_must_be_in_order() -> None:
    """Two samples of the same moment give no load."""
    files = {**folder(domstats_txt=stats(5, 1)), "domstats-later.txt": Source("later", stats(5, 2))}
    with pytest.raises(
        InputError, match=r"later, line 1: this was read no later than kvm1/domstats\.txt"
    ):
        from_virsh({"kvm1": files})


@pytest.mark.skipif(shutil.which("virsh") is None, reason="virsh is not installed")
def test_virsh_itself(tmp_path: Path) -> None:
    """What this machine's virsh prints (about libvirt's built-in test host) is understood."""
    host = tmp_path / "kvm1"
    host.mkdir()
    commands = {
        "nodeinfo.txt": ["nodeinfo"],
        "list.txt": ["list", "--all"],
        "dominfo.txt": ["dominfo", "test"],
        "dumpxml.xml": ["dumpxml", "test"],
    }
    for name, words in commands.items():
        printed = subprocess.run(
            ["virsh", "-c", "test:///default", *words], env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
        (host / name).write_text(printed.stdout)
    out = tmp_path / "facts.json"
    assert main(["import", "--from", "virsh", str(tmp_path), "--out", str(out)]) == 0
    assert (
        main(["plan", "--facts", str(out), "--goal", "evacuate", "--host", "kvm1", "--quiet"]) == 3
    )
