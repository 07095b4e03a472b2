# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts found in their preflight, put together: which VM can go where, and what of it
counts for what was asked.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Check = Mapping[str, t.Any]


@dataclass(frozen=True)
class Asked:
    """What somebody wants to do.

    Parameters
    ----------
    hosts : tuple of str
        Hosts to empty.
    domains : tuple of str
        VMs to migrate.
    destination : str or None
        Where those VMs go; None for any other host.
    strict : bool
        Whether a VM must be able to go to every other host, and not only to one of them.
    """

    hosts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    destination: str | None = None
    strict: bool = False

    def concerns(self, source: str, destination: str) -> bool:
        """Whether the way between two hosts matters: where only hosts are to be emptied, it has one as its end."""
        if not self.hosts or self.domains:
            return True
        return source in self.hosts or destination in self.hosts

    def wants(self, domain: str, host: str) -> bool:
        """Whether a VM on a host is to be migrated."""
        return domain in self.domains or host in self.hosts


@dataclass(frozen=True)
class Matrix:
    """What was found in the whole cluster.

    Parameters
    ----------
    hosts : tuple of str
        All hosts that are up.
    domains : tuple of (str, str)
        VMs and their hosts.
    checks : tuple of dict
        What all hosts found.
    """

    hosts: tuple[str, ...]
    domains: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]

    def __post_init__(self) -> None:
        index: dict[tuple[t.Any, ...], list[Check]] = {}
        for check in self.checks:
            if check["severity"] == "block" and not check["passed"]:
                subject = check["subject"]
                key = (subject["host"], subject["peer"], subject["domain"])
                index.setdefault(key, []).append(check)
        object.__setattr__(self, "_blocks", index)

    def _about(self, host: str, peer: str | None = None, domain: str | None = None) -> list[Check]:
        blocks: dict[tuple[t.Any, ...], list[Check]] = self.__dict__["_blocks"]
        return blocks.get((host, peer, domain), [])

    def between(self, source: str, destination: str) -> list[Check]:
        """Return what keeps every VM from going from one host to another."""
        return [
            *self._about(source),
            *self._about(destination),
            *self._about(source, destination),
        ]

    def cell(self, domain: str, source: str, destination: str) -> list[Check]:
        """Return what keeps a VM from going to a host, all of it."""
        return [
            *self._about(source, None, domain),
            *self._about(source, destination, domain),
            *self.between(source, destination),
        ]

    def destinations(self, source: str, asked: Asked) -> list[str]:
        """Return where a VM of a host may go by what was asked."""
        if asked.destination is not None:
            return [asked.destination]
        return [host for host in self.hosts if host != source and host not in asked.hosts]

    def counting(self, domain: str, source: str, asked: Asked) -> list[Check]:
        """Return what fails for one VM that is to be migrated.

        A host that does not suit the VM counts only if no other suits it, if the host was named, or
        if all must. What is wrong with a host, between two hosts, or with the VM itself counts
        always: nobody who plans would see it.
        """
        destinations = self.destinations(source, asked)
        found = [*self._about(source), *self._about(source, None, domain)]
        for destination in destinations:
            found += self.between(source, destination)
        stuck = all(self.cell(domain, source, destination) for destination in destinations)
        if stuck or asked.strict or asked.destination is not None:
            for destination in destinations:
                found += self._about(source, destination, domain)
        return found

    def stuck(self) -> list[tuple[str, str]]:
        """Return the VMs, and their hosts, that can go nowhere."""
        return [
            (domain, source)
            for domain, source in self.domains
            if all(self.cell(domain, source, other) for other in self.hosts if other != source)
        ]


def make_matrix(answers: Mapping[str, Mapping[str, t.Any]]) -> Matrix:
    """Put the answers of C(preflight_info) together, by host; of a silent host it is empty."""
    up = sorted(name for name, answer in answers.items() if "checks" in answer)
    silent = sorted(set(answers) - set(up))
    checks = [check for name in up for check in answers[name]["checks"]]
    return Matrix(
        hosts=tuple(up),
        domains=tuple(sorted((domain, name) for name in up for domain in answers[name]["domains"])),
        checks=tuple(checks + [unreachable(name, answers[name]) for name in silent]),
    )


def unreachable(host: str, answer: Mapping[str, t.Any]) -> Check:
    """Return what is said of a host that could not be looked at."""
    reason = str(answer.get("msg") or "it was not reached").strip().splitlines()[0][:300]
    return {
        "id": "unreachable",
        "severity": "block",
        "passed": False,
        "evidence": f"{host} could not be looked at: {reason.rstrip('.')}.",
        "remedy": "Repair it, or leave it out of the group.",
        "subject": {"host": host, "peer": None, "domain": None},
    }


def failing(matrix: Matrix, asked: Asked, ignore_silent: bool = False) -> list[Check]:
    """Return the checks that fail for what was asked, each once.

    Parameters
    ----------
    matrix : Matrix
        What was found.
    asked : Asked
        What somebody wants to do; where that is nothing, nothing fails.
    ignore_silent : bool
        Whether hosts that do not answer may be left out.
    """
    found: list[Check] = []
    for domain, source in matrix.domains:
        if asked.wants(domain, source):
            found += matrix.counting(domain, source, asked)
    for host in asked.hosts:
        # Also when it has no VM: what is wrong with the host is wrong with the wish to empty it.
        for destination in matrix.destinations(host, asked) or [host]:
            found += matrix.between(host, destination)
    if (asked.hosts or asked.domains) and not ignore_silent:
        found += [check for check in matrix.checks if check["id"] == "unreachable"]
    return _distinct(found)


def _distinct(checks: Iterable[Check]) -> list[Check]:
    return list({id(check): check for check in checks}.values())


def unknown(matrix: Matrix, asked: Asked, hosts: Sequence[str]) -> list[str]:
    """Return a sentence for each host or VM that was asked for and that is not there."""
    placed = {domain for domain, _host in matrix.domains}
    named = [*asked.hosts, *([asked.destination] if asked.destination else [])]
    problems = [
        f"There is no host {host}; the hosts of the cluster are {', '.join(hosts)}."
        for host in named
        if host not in hosts
    ]
    return problems + [
        f"No host that answers runs a VM {domain}."
        for domain in asked.domains
        if domain not in placed
    ]
