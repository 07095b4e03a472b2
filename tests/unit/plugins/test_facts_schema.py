# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two sides of the contract: what is read here is what the planner accepts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from ansible_collections.drover.libvirt.planner.cluster.parse import parse_cluster
from ansible_collections.drover.libvirt.planner.documents import validate
from ansible_collections.drover.libvirt.plugins.module_utils._facts.domain import (
    broken_domain_facts,
    domain_facts,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.emulators import parse_emulators
from ansible_collections.drover.libvirt.plugins.module_utils._facts.host import host_facts
from ansible_collections.drover.libvirt.plugins.module_utils._facts.processor import parse_offer
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import (
    CpuReading,
    DomainReading,
)

from tests.unit.plugins.module_utils.facts.recordings import (
    LOCAL,
    SHARED,
    definition,
    recorded,
    surroundings,
)
from tests.unit.plugins.module_utils.facts.test_host import READING


def document() -> dict[str, Any]:
    """Return a facts document of one host with domains of all kinds."""
    capabilities = ET.fromstring(READING.capabilities)
    offer = parse_offer(recorded("domain-capabilities-kvm.xml"))
    cpu = CpuReading((), recorded("expanded-cpu.xml"))
    host = {
        **host_facts(READING, capabilities, parse_emulators(capabilities), (offer,), cpu),
        "name": "kvm1",
        "storage": [SHARED, LOCAL],
        "marks": {},
    }
    domains = [
        domain_facts(definition("web1"), surroundings(), {"state.state": 1}, 0.5)
        | {"name": "web1", "uuid": "u-1"},
        domain_facts(definition("odd1", active=False), surroundings(), {"state.state": 5}, 0.0)
        | {"name": "odd1", "uuid": "u-2"},
        broken_domain_facts(DomainReading("bad", "u-3", None), "kvm1", {}, 0.0),
    ]
    return {"hosts": [host], "domains": domains}


def test_the_facts_fit_the_published_schema() -> None:
    """What the module returns validates without a change."""
    validate("facts", document())


def test_the_planner_makes_a_snapshot_of_them() -> None:
    """The domains keep their blockers and their storage on the way."""
    snapshot = parse_cluster(document())
    assert [blocker.code for blocker in snapshot.domains["bad"].blockers] == [
        "definition_unreadable"
    ]
    assert snapshot.domains["web1"].disks[0].storage == SHARED["path"]
