# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contradictions between policies, found before any solver runs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from ..cluster.snapshot import ClusterSnapshot
from ..errors import PolicyConflict
from .affinity import Affinity
from .anti_affinity import AntiAffinity
from .base import Rule, Strictness
from .host_affinity import HostAffinity
from .policies import Policies


def check_consistency(policies: Policies, snapshot: ClusterSnapshot) -> None:
    """Refuse policies that no placement can satisfy.

    Raises
    ------
    PolicyConflict
        Naming the pair that contradicts itself.
    """
    firm = [rule for rule in policies.rules if rule.is_firm]
    for one, other in combinations(firm, 2):
        for sentence in (_together_and_apart(one, other), _nowhere(one, other, snapshot)):
            if sentence:
                raise PolicyConflict(
                    f"The {one.title} and the {other.title} contradict each other: {sentence}"
                )
    _too_few_hosts(firm, snapshot)


def _together_and_apart(one: Rule, other: Rule) -> str | None:
    apart, together = (one, other) if isinstance(one, AntiAffinity) else (other, one)
    if not isinstance(apart, AntiAffinity) or not isinstance(together, Affinity):
        return None
    common = sorted(set(apart.domains) & set(together.domains))
    if len(common) <= apart.at_most:
        return None
    return f"{' and '.join(common[:3])} would have to be together and apart; take one of them out of a rule."


def _nowhere(one: Rule, other: Rule, snapshot: ClusterSnapshot) -> str | None:
    if not isinstance(one, HostAffinity) or not isinstance(other, HostAffinity):
        return None
    common = sorted(set(one.domains) & set(other.domains))
    if not common or any(one.permits(host) and other.permits(host) for host in snapshot.hosts):
        return None
    return f"no host is left for {common[0]}; allow a host in both."


def _too_few_hosts(rules: Iterable[Rule], snapshot: ClusterSnapshot) -> None:
    """Refuse a required anti-affinity of more VMs than the hosts can hold apart."""
    for rule in rules:
        if not isinstance(rule, AntiAffinity) or rule.strictness is not Strictness.REQUIRED:
            continue
        zones = {rule.zone(snapshot, host.name) for host in snapshot.hosts.values() if host.is_up}
        members = rule.members(snapshot.placement)
        if len(members) > rule.at_most * len(zones):
            raise PolicyConflict(
                f"The {rule.title} needs {-(-len(members) // rule.at_most)} places for its {len(members)} VMs, "
                f"but there are {len(zones)}; allow more of them per place (at_most) or make the rule preferred."
            )
