# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of one host by itself: its cluster, its migration network, its cluster software.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._facts.cluster_stack import ClusterStack
from .._prerequisites.finding import Finding, blocks, holds, untold, warns
from .checked import Facts

# One gigabit per second: below, the memory of an ordinary VM takes minutes.
LEAST_SPEED_MBIT = 1000


def enough_hosts(host: str, peers: t.Sized) -> t.Iterator[Finding]:
    """The cluster has two hosts or more."""
    if peers:
        yield holds("enough_hosts", "The cluster of {} has {} hosts.".format(host, len(peers) + 1))
    else:
        yield blocks(
            "enough_hosts",
            "{} has no other host to migrate to.".format(host),
            "Put two libvirt hosts or more into the group of the cluster.",
        )


def migration_network(
    host: str, migration: Facts | None, wanted: str | None
) -> t.Iterator[Finding]:
    """The host has an address on the migration network that was asked for."""
    if migration and migration.get("address"):
        yield holds(
            "migration_network",
            "{} takes migrations at {}{}.".format(
                host, migration["address"], " ({})".format(wanted) if wanted else ""
            ),
        )
    elif wanted:
        yield blocks(
            "migration_network",
            "{} has no address on the migration network {}.".format(host, wanted),
            "Give it one, or set drover_migration_network to the network that the hosts have.",
        )
    else:
        yield warns(
            "migration_network",
            "{} is not known to have an address for migrations.".format(host),
            "Set drover_migration_network, or drover_migration_address for this host.",
        )


def dedicated_network(
    host: str, migration: Facts | None, is_encrypted: bool
) -> t.Iterator[Finding]:
    """Migrations do not share the network through which the host is managed, or are at least encrypted.

    Parameters
    ----------
    host : str
        Name of the host.
    migration : dict or None
        How migrations come to it; None where that is not known.
    is_encrypted : bool
        Whether migrations are asked for with TLS.
    """
    if not migration:
        return
    evidence = "Migrations to {} come through {}, {} the host is managed.".format(
        host,
        migration.get("interface"),
        "through which also" if migration.get("is_management") else "not where",
    )
    if not migration.get("is_management"):
        yield holds("dedicated_network", evidence)
    elif is_encrypted:
        yield warns(
            "dedicated_network",
            evidence,
            "Give the hosts a network of its own for migrations: their load then stays off the "
            "management network.",
        )
    else:
        yield warns(
            "dedicated_network",
            evidence + " Memory crosses it in plain text.",
            "Encrypt migrations (drover_migration: {tls: true}; QEMU needs certificates on all hosts), or "
            "give the hosts a network of its own for them.",
        )


def migration_speed(host: str, migration: Facts | None) -> t.Iterator[Finding]:
    """The migration network has at least one Gbit/s."""
    if not migration:
        return
    interface, speed = migration.get("interface"), migration.get("speed_mbit")
    if speed is None:
        yield untold(
            "migration_speed",
            "The speed of {} is not known, so predicted times take 10 Gbit/s for it.".format(
                interface
            ),
            "Where that is wrong, set bandwidth_mib_s in the policy's limits.",
        )
    elif speed >= LEAST_SPEED_MBIT:
        yield holds("migration_speed", "{} on {} has {} Mbit/s.".format(interface, host, speed))
    else:
        yield warns(
            "migration_speed",
            "{} on {} has only {} Mbit/s.".format(interface, host, speed),
            "Use a link of at least 1 Gbit/s for migrations; see also its cable and negotiation.",
        )


def cluster_stack(host: str, stack: ClusterStack) -> t.Iterator[Finding]:
    """Where cluster software runs, its cluster has quorum."""
    if not stack.running:
        yield holds("cluster_quorum", "No other cluster software runs on {}.".format(host))
    elif stack.quorate:
        yield holds("cluster_quorum", "{} on {} has quorum.".format(stack.running, host))
    elif stack.quorate is None:
        yield warns(
            "cluster_quorum",
            "{} runs on {}, but does not tell its state: {}.".format(
                stack.running, host, stack.problem or "unknown"
            ),
            "Run this as root, or as a user of the group haclient.",
        )
    else:
        yield blocks(
            "cluster_quorum",
            "The cluster that {} forms on {} has no quorum.".format(stack.running, host),
            "Repair the cluster first; it may stop its VMs or fence hosts at any time.",
        )
