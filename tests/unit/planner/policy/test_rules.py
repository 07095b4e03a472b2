# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each kind of rule means, as its own oracle says it."""

from __future__ import annotations

import pytest

from planner.cluster.parse import parse_cluster
from planner.errors import InputError, PolicyConflict
from planner.policy.affinity import Affinity
from planner.policy.anti_affinity import AntiAffinity
from planner.policy.base import Strictness
from planner.policy.capacity import Capacity
from planner.policy.consistency import check_consistency
from planner.policy.headroom import Headroom
from planner.policy.host_affinity import HostAffinity
from planner.policy.parse import parse_policies
from tests.unit.planner.builders import cluster, domain, host, rule

FACTS = cluster(a={"x": 1, "y": 1}, b={"z": 1})
SNAPSHOT = parse_cluster(FACTS)
NAMES = ("x", "y", "z")


def test_affinity_counts_hosts_beyond_the_first() -> None:
    """Three VMs on two hosts break an affinity once."""
    affinity = Affinity(name="together", domains=NAMES)
    assert affinity.amount(SNAPSHOT, {"x": "a", "y": "a", "z": "b"}) == 1
    assert affinity.amount(SNAPSHOT, {"x": "a", "y": "a", "z": "a"}) == 0


def test_anti_affinity_counts_vms_beyond_the_number_allowed() -> None:
    """Of three VMs on one host with one allowed, two are too many; with two allowed, one."""
    together = {"x": "a", "y": "a", "z": "a"}
    assert AntiAffinity(name="apart", domains=NAMES).amount(SNAPSHOT, together) == 2
    assert AntiAffinity(name="apart", domains=NAMES, at_most=2).amount(SNAPSHOT, together) == 1


def test_anti_affinity_on_the_way_counts_both_ends() -> None:
    """A VM on its way to the host of its rival already breaks a rule that must hold throughout."""
    apart = AntiAffinity(name="apart", domains=("x", "z"))
    assert apart.amount_during(SNAPSHOT, {"x": ("a", "b"), "z": ("b",)}) == 1


def test_host_affinity_allows_or_forbids() -> None:
    """The same hosts, allowed or forbidden, are each other's opposite."""
    allowed = HostAffinity(name="only", domains=("x",), hosts=frozenset({"a"}))
    forbidden = HostAffinity(name="never", domains=("x",), hosts=frozenset({"a"}), allow=False)
    assert allowed.violations(SNAPSHOT, {"x": "a"}) == ()
    assert forbidden.amount(SNAPSHOT, {"x": "a"}) == 1


def test_default_strictness_tolerates_what_is_broken_now() -> None:
    """Never worsen: what holds must hold, what is broken may stay as broken as it is."""
    apart = AntiAffinity(name="apart", domains=NAMES)
    assert apart.strictness is Strictness.NEVER_WORSEN
    assert apart.tolerated(SNAPSHOT) == 1
    assert (
        AntiAffinity(name="apart", domains=NAMES, strictness=Strictness.REQUIRED).tolerated(
            SNAPSHOT
        )
        == 0
    )


def test_limit_of_a_host() -> None:
    """(16384 - 384 reserved) x 1.0 x 95 % = 15200 MiB; 8 threads x 4 = 32 vCPUs; 8 vCPUs busy."""
    facts = {"hosts": [host("a", 16384, 8, memory_reserved_mib=384)], "domains": []}
    limit = Capacity().limit(parse_cluster(facts).hosts["a"])
    assert limit == (15200, 32, 8)
    assert Capacity(headroom=Headroom(cpu=0.25, memory=0)).limit(
        parse_cluster(facts).hosts["a"]
    ) == (16000, 24, 6)


def test_selectors_choose_by_names_or_by_facts() -> None:
    """A rule names its VMs, or describes them in jmespath over their facts."""
    facts = {
        "hosts": [host("a", labels={"rack": "r1"})],
        "domains": [domain("db1", "a", labels={"tier": "db"}), domain("web1", "a")],
    }
    document = {
        "rules": [
            rule("anti_affinity", "labels.tier == 'db' || starts_with(name, 'web')"),
            rule("host_affinity", ["db1"], hosts="labels.rack == 'r1'"),
        ]
    }
    first, second = parse_policies(document, facts, parse_cluster(facts)).rules
    assert first.domains == ("db1", "web1")
    assert isinstance(second, HostAffinity)
    assert second.hosts == {"a"}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"rules": [{"type": "near", "domains": []}]}, "the kinds are: affinity"),
        (
            {"rules": [rule("affinity", ["nobody"])]},
            "policy.rules[0].domains: there is no VM nobody",
        ),
        ({"rules": [rule("affinity", "name ==")]}, "jmespath refuses"),
        ({"rules": [rule("affinity", ["x"], hosts=["a"])]}, "hosts is not known here"),
        ({"rules": [rule("affinity", ["x"]), rule("affinity", ["y"])]}, "two rules named affinity"),
        ({"limits": {"per_host": 0}}, "policy.limits.per_host: 0 must be at least 1"),
        ({"memory": 1}, "memory is not known here; the keys are: capacity"),
    ],
)
def test_faults_of_a_policy_name_place_and_remedy(document: dict[str, object], words: str) -> None:
    """A malformed policy is refused with the place of the fault and what would be right."""
    with pytest.raises(InputError) as caught:
        parse_policies(document, FACTS, SNAPSHOT)
    assert words in caught.value.message


def test_names_may_be_patterns() -> None:
    """A pattern stands for the VMs that it matches today, perhaps none; a name is a name, even one with a star."""
    facts = cluster(a={"web1": 1, "web2": 1, "db": 1, "w*": 1}, b={}, c={})

    def chosen(*names: str) -> tuple[str, ...]:
        document = {"rules": [rule("anti_affinity", [*names])]}
        return parse_policies(document, facts, parse_cluster(facts)).rules[0].domains

    assert chosen("web*") == ("web1", "web2")
    assert chosen("web?", "db") == ("db", "web1", "web2")
    assert chosen("w*") == ("w*",)
    assert chosen("mail*") == ()
    only = {"rules": [rule("host_affinity", ["db"], hosts=["[bc]*"])]}
    (fence,) = parse_policies(only, facts, parse_cluster(facts)).rules
    assert isinstance(fence, HostAffinity)
    assert fence.hosts == {"b", "c"}


@pytest.mark.parametrize(
    "rules",
    [
        [rule("affinity", ["x", "y"]), rule("anti_affinity", ["x", "y"])],
        [
            rule("host_affinity", ["x"], hosts=["a"]),
            {**rule("host_affinity", ["x"], hosts=["b"]), "name": "other"},
        ],
        [rule("anti_affinity", ["x", "y", "z"], strictness="required")],
    ],
)
def test_contradictions_are_found_before_solving(rules: list[dict[str, object]]) -> None:
    """Rules that no placement can satisfy are named at once."""
    with pytest.raises(PolicyConflict):
        check_consistency(parse_policies({"rules": rules}, FACTS, SNAPSHOT), SNAPSHOT)
