# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of a host and a peer: names, ports, clocks, and the way between them.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import ipaddress
import typing as t

from .._prerequisites.finding import Finding, blocks, holds, untold, warns
from .checked import Facts
from .probe import Probed

_OPEN = "Open the migration ports ({}) between the hosts on the migration network, both ways."


def name_resolution(
    host: str, peer: str, hostname: str, addresses: t.Sequence[str], has_address: bool
) -> t.Iterator[Finding]:
    """The host resolves the peer's own name, to which libvirt migrates where no address is given.

    Parameters
    ----------
    host, peer : str
        Names of the hosts.
    hostname : str
        How the peer calls itself.
    addresses : sequence of str
        What that name resolves to on the host; empty when it does not.
    has_address : bool
        Whether the peer's address for migrations is known, so that the name matters less.
    """
    lost = not addresses or all(ipaddress.ip_address(one).is_loopback for one in addresses)
    if not lost:
        yield holds(
            "name_resolution", "{} finds {} at {}.".format(host, hostname, ", ".join(addresses))
        )
        return
    evidence = "{} cannot resolve the name {} of {}".format(host, hostname, peer)
    if addresses:
        evidence = "On {} the name {} of {} means the host itself ({})".format(
            host, hostname, peer, ", ".join(addresses)
        )
    say = warns if has_address else blocks
    yield say(
        "name_resolution",
        evidence + ".",
        "Put the name into DNS or /etc/hosts, or give the hosts addresses for migrations.",
    )


def migration_ports(
    peer: str, address: str | None, answers: t.Sequence[Probed], range_text: str
) -> t.Iterator[Finding]:
    """A listener on the peer's migration ports was reached."""
    if not answers or address is None:
        yield untold(
            "migration_ports",
            "Nothing listened on the migration ports of {}, so they were not tried.".format(peer),
            "Use the role drover.libvirt.preflight, which starts a listener there.",
        )
        return
    by_kind: dict[str, list[Probed]] = {}
    for answer in answers:
        impostor = answer.kind in ("answered", "stuck") and answer.name != peer
        by_kind.setdefault("impostor" if impostor else answer.kind, []).append(answer)
    for kind, those in by_kind.items():
        yield _FINDINGS[kind](peer, address, those, range_text)


def _ports(answers: t.Iterable[Probed]) -> str:
    return ", ".join(str(answer.port) for answer in answers)


def _answered(peer: str, address: str, answers: list[Probed], _range: str) -> Finding:
    return holds(
        "migration_ports", "{} answers at {}, ports {}.".format(peer, address, _ports(answers))
    )


def _silent(peer: str, address: str, answers: list[Probed], range_text: str) -> Finding:
    return blocks(
        "migration_ports",
        "{} at {} does not answer on the ports {}: something drops what is sent there, and a "
        "migration would hang for more than two minutes.".format(peer, address, _ports(answers)),
        _OPEN.format(range_text),
    )


def _refused(peer: str, address: str, answers: list[Probed], range_text: str) -> Finding:
    return blocks(
        "migration_ports",
        "{} at {} refuses connections to the ports {}, although it listens there: {}.".format(
            peer, address, _ports(answers), answers[0].detail
        ),
        _OPEN.format(range_text),
    )


def _strange(peer: str, address: str, answers: list[Probed], _range: str) -> Finding:
    return blocks(
        "migration_ports",
        "Something other than the listener of {} answers at {}, ports {}: {}.".format(
            peer, address, _ports(answers), answers[0].detail
        ),
        "See which host or proxy has this address.",
    )


def _impostor(peer: str, address: str, answers: list[Probed], _range: str) -> Finding:
    return blocks(
        "migration_ports",
        "At {}, the address of {}, answers {}.".format(address, peer, answers[0].name),
        "Give each host a migration address of its own.",
    )


def _stuck(peer: str, address: str, answers: list[Probed], _range: str) -> Finding:
    return blocks(
        "migration_ports",
        "{} at {} answers on the ports {}, but large packets do not arrive.".format(
            peer, address, _ports(answers)
        ),
        "Set the same MTU on all interfaces and switches of the migration network.",
    )


_FINDINGS: dict[str, t.Callable[[str, str, list[Probed], str], Finding]] = {
    "answered": _answered,
    "silent": _silent,
    "refused": _refused,
    "strange": _strange,
    "impostor": _impostor,
    "stuck": _stuck,
}


def clocks(
    host: str, peer: str, answers: t.Iterable[Probed], tolerance_s: float
) -> t.Iterator[Finding]:
    """The clocks of the two hosts agree."""
    measured = [a for a in answers if a.skew_s is not None and a.name == peer]
    if not measured:
        return
    best = min(measured, key=lambda answer: answer.uncertain_s)
    skew_s = best.skew_s or 0.0
    evidence = "The clock of {} is {:.1f} s {} that of {} (give or take {:.1f} s).".format(
        peer, abs(skew_s), "ahead of" if skew_s > 0 else "behind", host, best.uncertain_s
    )
    if abs(skew_s) - best.uncertain_s <= tolerance_s:
        yield holds("clocks", evidence)
    else:
        yield warns(
            "clocks", evidence, "Let chrony or another NTP client keep the clocks of all hosts."
        )


def migration_mtu(
    host: str, peer: str, here: Facts | None, there: Facts | None
) -> t.Iterator[Finding]:
    """Both ends of the migration network have the same MTU."""
    ours, theirs = (here or {}).get("mtu"), (there or {}).get("mtu")
    if ours is None or theirs is None:
        return
    evidence = "The migration network has the MTU {} on {} and {} on {}.".format(
        ours, host, theirs, peer
    )
    if ours == theirs:
        yield holds("migration_mtu", evidence)
    else:
        yield warns("migration_mtu", evidence, "Set the same MTU on all hosts and switches of it.")


def processor_vendor(host: str, peer: str, here: Facts, there: Facts) -> t.Iterator[Finding]:
    """The processors are of one architecture and one maker."""
    for key, words in (("arch", "architecture"), ("vendor", "maker")):
        ours, theirs = here.get(key), there.get(key)
        if ours and theirs and ours != theirs:
            yield warns(
                "processor_vendor",
                "The processors of {} and {} are not of the same {}: {} and {}.".format(
                    host, peer, words, ours, theirs
                ),
                "Migrate between hosts of one maker; what a VM can do with it is checked for each.",
            )
            return
    yield holds(
        "processor_vendor", "The processors of {} and {} are of one kind.".format(host, peer)
    )
