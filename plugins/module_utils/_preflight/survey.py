# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that must hold before VMs leave this host, looked at together.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import concurrent.futures
import typing as t

from .._errors import DroverError
from .._facts.cluster_stack import ClusterStack
from .._inspection.inspect import Inspection, InspectionRequest, inspect_within
from .._libvirt.connection import open_connection
from .._libvirt.domain import DomainFacts, read_facts
from .._linux.cluster_stack import read_cluster_stack
from .._patience import PatientCall
from .._prerequisites.finding import Finding, blocks, holds
from . import own_host
from .checked import Checked, Facts, Subject, about
from .peer import Home, Peer, survey_peer
from .vm_on_peer import Candidate

# How long the host's own libvirt may take to tell everything.
_HOST_S = 60.0
# How long libvirt may take to answer about one VM; a QEMU that hangs makes it wait for ever.
_DOMAIN_S = 5.0
# Peers that are looked at together: sshd refuses more than ten new connections at once by default.
_AT_ONCE = 8
# For one peer, beside what each VM takes.
_PEER_S = 120.0
_PEER_PER_DOMAIN_S = 2.0


class SurveyRequest(t.NamedTuple):
    """What to look at.

    C(domains) are the VMs to look at where they are placed here, None for all.
    """

    uri: str
    peers: t.Sequence[Peer]
    name: str | None = None
    domains: t.Sequence[str] | None = None
    migration_network: str | None = None
    migration_address: str | None = None
    ports: str = "49152-49215"
    clock_tolerance_s: float = 1.0
    connect_s: float = 15.0
    reached_at: str | None = None
    is_encrypted: bool = False


class Survey(t.NamedTuple):
    """What was found; C(domains) are the VMs that were looked at."""

    host: str
    domains: list[str]
    checks: list[Checked]
    warnings: list[str]


def survey(request: SurveyRequest) -> Survey:
    """Make all checks from this host.

    Raises
    ------
    ConnectionFailed
        The host's own libvirt cannot be reached.
    LibvirtFailed
        It refused what every host has.
    """
    found = _inspect(request)
    host = str(found.host["name"])
    placed = [domain for domain in found.domains if _is_wanted(domain, request.domains)]
    checks = _about_host(request, host, found.host, read_cluster_stack())
    for domain in placed:
        checks += about(Subject(host, None, domain["name"]), _about_domain(domain))
    connection = open_connection(request.uri)
    try:
        candidates = [Candidate(d, _known(request.uri, connection, d, host)) for d in placed]
        checks += [_silent(host, one.name) for one in candidates if one.known is None]
        home = _home(request, host, connection, found.host, candidates)
        checks += _about_peers(home, request.peers)
    finally:
        connection.close()
    return Survey(host, [one.name for one in candidates], checks, found.warnings)


def _inspect(request: SurveyRequest) -> Inspection:
    found = inspect_within(
        InspectionRequest(
            uri=request.uri,
            name=request.name,
            migration_network=request.migration_network,
            sample_s=0.0,
            reached_at=request.reached_at,
        ),
        _HOST_S,
    )
    if request.migration_address:
        way = dict(found.host.get("migration") or {}, address=request.migration_address)
        found.host["migration"] = way
    return found


def _is_wanted(domain: Facts, wanted: t.Sequence[str] | None) -> bool:
    placed = domain["state"] in ("running", "paused", "blocked")
    return placed and (wanted is None or domain["name"] in wanted)


def _about_host(
    request: SurveyRequest, host: str, facts: Facts, stack: ClusterStack
) -> list[Checked]:
    migration = facts.get("migration")
    return about(
        Subject(host),
        [
            *own_host.enough_hosts(host, request.peers),
            *own_host.migration_network(host, migration, request.migration_network),
            *own_host.dedicated_network(host, migration, request.is_encrypted),
            *own_host.migration_speed(host, migration),
            *own_host.cluster_stack(host, stack),
        ],
    )


def _about_domain(domain: Facts) -> t.Iterator[Finding]:
    """What keeps a VM from leaving its host at all."""
    for blocker in domain.get("blockers", ()):
        yield blocks(blocker["code"], blocker["message"], blocker["remedy"])
    if not domain.get("blockers"):
        yield holds("movable", "Nothing ties it to its host.")


def _known(uri: str, connection: t.Any, domain: Facts, host: str) -> DomainFacts | None:
    """Return what a migration wants to know of a VM, None where libvirt does not answer."""
    name, uuid = domain["name"], domain["uuid"]
    reading: PatientCall[DomainFacts | None] = PatientCall(
        lambda: read_facts(connection, name, uuid, host)
    )
    try:
        return reading.result_or(_DOMAIN_S, None)
    except DroverError:
        return None


def _silent(host: str, domain: str) -> Checked:
    return Checked(
        Subject(host, None, domain),
        blocks(
            "answers",
            "libvirt has not answered about it within {:g} s.".format(_DOMAIN_S),
            "See whether its QEMU hangs, for instance on storage that does not answer.",
        ),
    )


def _home(
    request: SurveyRequest,
    host: str,
    connection: t.Any,
    facts: Facts,
    candidates: t.Sequence[Candidate],
) -> Home:
    return Home(
        name=host,
        uri=request.uri,
        connection=connection,
        facts=facts,
        candidates=candidates,
        ports=request.ports,
        clock_tolerance_s=request.clock_tolerance_s,
        connect_s=request.connect_s,
    )


def _about_peers(home: Home, peers: t.Sequence[Peer]) -> list[Checked]:
    """Look at all peers, some of them at the same time: when one is done the next one begins."""
    limit_s = _PEER_S + _PEER_PER_DOMAIN_S * len(home.candidates)
    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = pool.map(lambda peer: _about_peer(home, peer, limit_s), peers)
        return [check for checks in found for check in checks]


def _about_peer(home: Home, peer: Peer, limit_s: float) -> list[Checked]:
    """Return what was found at a peer; one that fails on the way does not hide the others."""
    problem = "it has not answered within {:g} s".format(limit_s)
    try:
        found = PatientCall(lambda: survey_peer(home, peer)).result_or(limit_s, [])
    except DroverError as error:
        found, problem = [], error.message
    if found:
        return found
    evidence = "{} was lost while it was looked at from {}: {}".format(
        peer.name, home.name, problem
    )
    return about(
        Subject(home.name, peer.name),
        [blocks("connection", evidence.rstrip(".") + ".", "Check that host and its network.")],
    )
