# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at one peer from this host: everything about the pair, then every VM on the peer.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import socket
import typing as t

from .._errors import ConnectionFailed
from .._libvirt.connection import open_connection, translated
from .._patience import PatientCall
from .._prerequisites import hosts
from .._prerequisites.check import findings
from .._prerequisites.context import Pair
from .._prerequisites.finding import Finding, blocks, holds
from . import pair as pairs
from .checked import Checked, Facts, Subject, about
from .probe import Probed, probe_ports
from .vm_on_peer import Candidate, PeerSurvey, pair_request

_RESOLVE_S = 5.0


class Peer(t.NamedTuple):
    """Another host of the cluster.

    C(uri) is how this host's libvirt reaches it, C(ports) those on which its listener waits, and
    C(facts) what host_info said of it, as far as known.
    """

    name: str
    uri: str
    address: str | None = None
    ports: tuple[int, ...] = ()
    facts: t.Mapping[str, t.Any] = {}


class Home(t.NamedTuple):
    """The host from which the peers are looked at, and what to look for.

    C(connect_s) is how long a peer's libvirt may take to answer.
    """

    name: str
    uri: str
    connection: t.Any
    facts: Facts
    candidates: t.Sequence[Candidate]
    ports: str
    clock_tolerance_s: float
    connect_s: float


def survey_peer(home: Home, peer: Peer) -> list[Checked]:
    """Return everything that was found about one peer and the VMs there."""
    answers = PatientCall(lambda: _probe(peer))
    connection, found = _connect(home, peer)
    try:
        both = _pair(home, peer, connection)
        found += _about_pair(home, peer, both)
        survey = PeerSurvey(both, peer.name, home.facts, peer.facts)
        judged = [
            checked
            for candidate in home.candidates
            for checked in about(
                Subject(home.name, peer.name, candidate.name), survey.check(candidate)
            )
        ]
    finally:
        if connection is not None:
            connection.close()
    found += _about_ways(home, peer, answers.result_or(60.0, []))
    return about(Subject(home.name, peer.name), found) + judged


def _probe(peer: Peer) -> list[Probed]:
    return probe_ports(peer.address, peer.ports) if peer.address and peer.ports else []


def _connect(home: Home, peer: Peer) -> tuple[t.Any, list[Finding]]:
    """Open the connection that a migration would open, and say whether that went well."""
    opening = PatientCall(lambda: open_connection(peer.uri))
    remedy = (
        "Let root of {} reach it without being asked anything: virsh -c {} uri must answer.".format(
            home.name, peer.uri
        )
    )
    try:
        connection = opening.result_or(home.connect_s, None)
    except ConnectionFailed as error:
        evidence = "{} does not reach libvirt of {}: {}".format(home.name, peer.name, error.message)
        return None, [blocks("connection", evidence, remedy)]
    if connection is None:
        evidence = "libvirt of {} has not answered {} within {:g} s ({}).".format(
            peer.name, home.name, home.connect_s, peer.uri
        )
        return None, [blocks("connection", evidence, remedy)]
    evidence = "{} reaches libvirt of {} at {}.".format(home.name, peer.name, peer.uri)
    return connection, [holds("connection", evidence)]


def _pair(home: Home, peer: Peer, connection: t.Any) -> Pair | None:
    if connection is None:
        return None
    request = pair_request(home.name, home.uri, peer.name, peer.uri, peer.address)
    return Pair(request, home.connection, connection)


def _about_pair(home: Home, peer: Peer, both: Pair | None) -> list[Finding]:
    """Return what the two libvirt daemons tell about themselves."""
    if both is None:
        return []
    found = [finding for check in hosts.CHECKS for finding in findings(check, both)]
    with translated("ask {} for its name".format(peer.name)):
        hostname = str(both.destination.getHostname())
    addresses = _addresses(hostname)
    named = bool(peer.address)
    return found + list(pairs.name_resolution(home.name, peer.name, hostname, addresses, named))


def _addresses(hostname: str) -> list[str]:
    def look_up() -> list[str]:
        try:
            found = socket.getaddrinfo(hostname, None, type=socket.SOCK_STREAM)
        except OSError:
            return []
        return sorted({str(entry[4][0]).partition("%")[0] for entry in found})

    return PatientCall(look_up).result_or(_RESOLVE_S, [])


def _about_ways(home: Home, peer: Peer, answers: t.Sequence[Probed]) -> list[Finding]:
    """Return what is known of the way between the hosts, whether or not libvirt answers."""
    here, there = home.facts, peer.facts
    return [
        *pairs.migration_ports(peer.name, peer.address, answers, home.ports),
        *pairs.clocks(home.name, peer.name, answers, home.clock_tolerance_s),
        *pairs.migration_mtu(home.name, peer.name, here.get("migration"), there.get("migration")),
        *pairs.processor_vendor(home.name, peer.name, here.get("cpu", {}), there.get("cpu", {})),
    ]
