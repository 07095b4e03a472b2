# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a host, from recorded capabilities."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ansible_collections.drover.libvirt.plugins.module_utils._facts.emulators import (
    parse_emulators,
    questions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.host import (
    host_facts,
    memory_used_mib,
    versions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.processor import (
    host_model,
    parse_offer,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import (
    CpuReading,
    HostReading,
)

from tests.unit.plugins.module_utils.facts.recordings import recorded

READING = HostReading(
    hostname="factshost",
    cpus=2,
    memory_mib=4698,
    memory={"total": 24684084, "free": 24357620, "buffers": 568, "cached": 91652},
    libvirt_version=9000000,
    hypervisor_version=7002022,
    capabilities=recorded("capabilities.xml"),
    free_by_cell=(4592173056,),
)
CAPABILITIES = ET.fromstring(READING.capabilities)
DOCUMENTS = (recorded("domain-capabilities-qemu.xml"), recorded("domain-capabilities-kvm.xml"))


def facts() -> dict[str, object]:
    """Return the facts of the recorded host."""
    cpu = CpuReading(DOCUMENTS, recorded("expanded-cpu.xml"))
    offers = tuple(parse_offer(document) for document in DOCUMENTS)
    return host_facts(READING, CAPABILITIES, parse_emulators(CAPABILITIES), offers, cpu)


def test_capacity_and_cells() -> None:
    """Threads, memory and the NUMA cells in MiB."""
    found = facts()
    assert (found["vcpus"], found["memory_mib"]) == (2, 4698)
    assert memory_used_mib(READING.memory) == 228
    assert found["numa"] == [{"cell": 0, "memory_mib": 4698, "free_mib": 4379, "cpus": [0, 1]}]


def test_the_cpu_has_all_features_that_its_model_implies() -> None:
    """A domain's live definition writes some of them out, so they must be found in the host's."""
    cpu = facts()["cpu"]
    assert isinstance(cpu, dict)
    assert (cpu["arch"], cpu["vendor"]) == ("x86_64", "AMD")
    assert {"sse4.2", "pclmuldq", "hypervisor"} <= set(cpu["features"])
    assert "vme" not in cpu["features"]


def test_models_are_usable_per_domain_type() -> None:
    """Emulation offers other models than the host's own CPU, and a host-model's base counts."""
    emulators = facts()["emulators"]
    assert isinstance(emulators, list)
    by_arch = {emulator["arch"]: emulator for emulator in emulators}
    assert by_arch["x86_64"]["usable_models"] == {
        "qemu": ["EPYC", "Westmere", "kvm64", "qemu64"],
        "kvm": ["kvm64"],
    }
    assert by_arch["i686"]["usable_models"] == {}


def test_machines_have_all_their_names() -> None:
    """Versioned names and aliases are both told."""
    emulators = facts()["emulators"]
    assert isinstance(emulators, list)
    assert {"q35", "pc-q35-7.2", "pc"} <= set(emulators[1]["machines"])


def test_only_emulators_that_matter_are_asked() -> None:
    """Those of the host's architecture, and others only when a domain uses them."""
    emulators = parse_emulators(CAPABILITIES)
    native = ("/usr/bin/qemu-system-x86_64", "x86_64")
    other = ("/usr/bin/qemu-system-i386", "i686")
    assert questions(emulators, "x86_64", set()) == [(*native, "qemu"), (*native, "kvm")]
    assert (*other, "kvm") in questions(emulators, "x86_64", {other})


def test_host_model_becomes_a_cpu_of_its_own() -> None:
    """The document's model, vendor and features, ready to be expanded; None without a model."""
    cpu = ET.fromstring(host_model(DOCUMENTS[0]) or "")
    assert cpu.findtext("model") == "EPYC"
    assert cpu.find("feature[@name='vme']") is not None
    assert host_model("<domainCapabilities><cpu/></domainCapabilities>") is None


def test_versions_are_readable() -> None:
    """libvirt packs its version numbers."""
    assert versions(READING, "6.1.0") == {"libvirt": "9.0.0", "qemu": "7.2.22", "kernel": "6.1.0"}


def test_memory_use_is_unknown_without_counters() -> None:
    """A driver that tells no memory statistics gives no number, rather than a wrong one."""
    assert memory_used_mib({}) is None
