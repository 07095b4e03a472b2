# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts can run a VM, from facts alone."""

from __future__ import annotations

from typing import Any

import pytest

from planner.cluster.parse import parse_cluster
from planner.policy.compatibility import refusal
from tests.unit.planner.builders import domain, host

QEMU = "/usr/bin/qemu-system-x86_64"


def reason(
    vm: dict[str, Any], destination: dict[str, Any], source: dict[str, Any] | None = None
) -> str | None:
    """Judge one VM and one destination."""
    facts = {
        "hosts": [host("src", **(source or {})), host("dst", **destination)],
        "domains": [domain("web", "src", **vm)],
    }
    snapshot = parse_cluster(facts)
    return refusal(snapshot.domains["web"], snapshot.hosts["src"], snapshot.hosts["dst"])


def emulator(**more: Any) -> dict[str, Any]:
    """Return the facts of a host with one emulator."""
    return {
        "emulators": [
            {
                "path": QEMU,
                "arch": "x86_64",
                "domain_types": ["kvm"],
                "machines": ["pc-q35-7.2"],
                **more,
            }
        ]
    }


def storage(identity: str | None) -> dict[str, Any]:
    """Return the facts of a host with one storage."""
    return {"storage": [{"path": "/srv", "identity": identity}]}


ON_SRV = {"disks": [{"target": "vda", "path": "/srv/web.img", "storage": "/srv"}]}
MODEL = {"cpu": {"mode": "custom", "model": "Skylake", "features": {"avx2": "require"}}}


@pytest.mark.parametrize(
    ("vm", "source", "destination", "words"),
    [
        ({"arch": "aarch64"}, {}, {"cpu": {"arch": "x86_64"}}, "architecture x86_64"),
        ({"emulator": "/opt/qemu"}, {}, emulator(), "no emulator /opt/qemu"),
        ({"emulator": QEMU, "domain_type": "qemu"}, {}, emulator(), "type qemu"),
        ({"emulator": QEMU, "machine": "pc-q35-9.0"}, {}, emulator(), "no machine type pc-q35-9.0"),
        (
            {"emulator": QEMU, "domain_type": "kvm", **MODEL},
            {},
            emulator(usable_models={"kvm": ["Nehalem"]}),
            "CPU model",
        ),
        (MODEL, {}, {"cpu": {"features": ["sse4.2"]}}, "lacks avx2"),
        ({"direct_interfaces": ["eth2"]}, {}, {"interfaces": ["eth1"]}, "no interface eth2"),
        (
            {"cpu": {"mode": "host-passthrough"}},
            {"cpu": {"model": "A"}},
            {"cpu": {"model": "B"}},
            "the CPU of its host",
        ),
        ({"bridges": ["br0"]}, {}, {"bridges": {}}, "no bridge br0"),
        ({"networks": ["lan"]}, {}, {"networks": {"lan": {"active": False}}}, "not active"),
        ({"networks": ["lan"]}, {}, {"networks": {}}, "no libvirt network lan"),
        (ON_SRV, storage("1"), {"storage": []}, "not mounted on dst"),
        (ON_SRV, storage("1"), storage("2"), "not the storage"),
        (ON_SRV, storage(None), storage(None), "mark it"),
        (
            {"hugepages_kib": 2048},
            {},
            {"hugepages": [{"size_kib": 2048, "total": 10}]},
            "too few huge pages",
        ),
    ],
)
def test_refusals_have_reasons(
    vm: dict[str, Any], source: dict[str, Any], destination: dict[str, Any], words: str
) -> None:
    """What the destination lacks refuses the VM, and the reason says what it is."""
    said = reason(vm, destination, source)
    assert said is not None
    assert words in said


@pytest.mark.parametrize(
    ("vm", "source", "destination"),
    [
        ({**ON_SRV, **MODEL, "bridges": ["br0"], "machine": "pc", "emulator": QEMU}, {}, {}),
        (ON_SRV, storage("1"), storage("1")),
        (
            {"disks": [{"target": "sda", "type": "network", "path": None, "storage": None}]},
            storage("1"),
            storage("2"),
        ),
    ],
)
def test_unknown_or_equal_facts_refuse_nothing(
    vm: dict[str, Any], source: dict[str, Any], destination: dict[str, Any]
) -> None:
    """A fact that is not known is no reason against a host, nor is one that fits."""
    assert reason(vm, destination, source) is None


def test_a_host_that_a_preflight_found_unfit_is_refused_with_its_reason() -> None:
    """Other hosts are not concerned."""
    assert reason({"refused_by": {"dst": "dst drops its ports."}}, {}) == "dst drops its ports"
    assert reason({"refused_by": {"other": "no"}}, {}) is None
