# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CPU in definitions as libvirt writes them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.definition import (
    Cpu,
    has_cpu,
    parse_cpu,
    runs_with,
    with_cpu,
)

WANTED = Cpu("EPYC", "AMD", {"ss": "require", "vme": "disable"})
DEFINITION = """<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web1</name>
  <metadata>
    <drover:domain xmlns:drover="https://drover.dev/xmlns/domain/1">
      <drover:label name="tier" value="gold"/>
    </drover:domain>
  </metadata>
{cpu}  <devices>
    <graphics type='vnc' passwd='secret'/>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-cpu'/>
  </qemu:commandline>
</domain>
"""
CPUS = (
    "",
    "  <cpu mode='host-passthrough' check='none' migratable='on'/>\n",
    "  <cpu mode='custom' match='exact' check='none'>\n"
    "    <model fallback='forbid'>qemu64</model>\n"
    "    <topology sockets='1' dies='1' cores='2' threads='1'/>\n"
    "    <feature policy='require' name='aes'/>\n"
    "  </cpu>\n",
)


@pytest.mark.parametrize("cpu", CPUS)
def test_only_the_cpu_is_changed(cpu: str) -> None:
    """Every other byte stays, and the second time there is nothing to change."""
    before = DEFINITION.format(cpu=cpu)
    after = with_cpu(before, WANTED)
    assert not has_cpu(before, WANTED)
    assert has_cpu(after, WANTED)
    assert with_cpu(after, WANTED) == after
    start = after.index("  <cpu")
    end = after.index("  </cpu>\n") + len("  </cpu>\n")
    assert after[:start] + cpu + after[end:] == before


def test_the_shape_of_the_vm_stays() -> None:
    """The topology is kept, the old features are not."""
    cpu = ET.fromstring(with_cpu(DEFINITION.format(cpu=CPUS[2]), WANTED)).find("cpu")
    assert cpu is not None
    topology = cpu.find("topology")
    assert topology is not None
    assert topology.get("cores") == "2"
    assert [feature.get("name") for feature in cpu.findall("feature")] == ["ss", "vme"]


def test_a_running_vm_has_the_cpu_when_model_and_features_agree() -> None:
    """What QEMU added of itself does not matter; a feature that is missing does."""

    def live(model: str, *features: tuple[str, str]) -> str:
        listed = "".join(f"<feature policy='{p}' name='{n}'/>" for n, p in features)
        return f"<domain><cpu><model>{model}</model>{listed}</cpu></domain>"

    wanted = (("ss", "require"), ("vme", "disable"))
    assert runs_with(live("EPYC", *wanted, ("hypervisor", "require")), WANTED)
    assert not runs_with(live("EPYC", wanted[0]), WANTED)
    assert not runs_with(live("EPYC-Rome", *wanted), WANTED)
    assert not runs_with("<domain/>", WANTED)


def test_a_cpu_in_words() -> None:
    """The model, and what it lacks."""
    text = "<cpu><model>EPYC</model><feature policy='disable' name='vme'/></cpu>"
    assert parse_cpu(text).words == "EPYC without vme"
