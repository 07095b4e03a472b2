# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A preflight as text for people: which VM can go where, then what fails and what to do.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ._planner import counted, render_table, text_of
from ._preflight_matrix import Asked, Check, Matrix


@dataclass(frozen=True)
class Failure:
    """Findings that say the same of several hosts or VMs."""

    number: int
    check: Check
    about: str


def render_preflight(matrix: Matrix, asked: Asked) -> str:
    """Return the tables and the lists of what fails, with remedies.

    Parameters
    ----------
    matrix : Matrix
        What was found.
    asked : Asked
        What somebody wants to do; only those VMs are shown, where some are named.
    """
    shown = _relevant(matrix, asked)
    blocking = _failures(check for check in shown if check["severity"] == "block")
    numbers = _numbers(blocking)
    domains = [item for item in matrix.domains if _is_shown(item, asked)]
    parts = [*_host_table(matrix, asked, numbers), "", *_domain_table(matrix, domains, numbers)]
    parts += _listing("What blocks", blocking.values(), numbered=True)
    parts += _listing("Warnings", _failures(c for c in shown if c["severity"] == "warn").values())
    unchecked = _failures(check for check in shown if check["severity"] == "info")
    parts += _listing("Not checked", unchecked.values())
    return text_of(parts)


def verdict(matrix: Matrix, asked: Asked, problems: t.Sequence[str]) -> str:
    """Return in a sentence or two whether what was asked can be done.

    Parameters
    ----------
    matrix : Matrix
        What was found.
    asked : Asked
        What somebody wants to do; where that is nothing, whether every VM could go anywhere is told.
    problems : sequence of str
        Why what was asked would fail.
    """
    if asked.hosts or asked.domains:
        wishes = [f"empty {', '.join(asked.hosts)}"] if asked.hosts else []
        if asked.domains:
            where = f" to {asked.destination}" if asked.destination else ""
            wishes.append(f"migrate {', '.join(asked.domains)}{where}")
        would = "this would fail as things are" if problems else "this can be done"
        said = f"{would}: {', '.join(wishes)}."
    else:
        said = _cluster_verdict(matrix)
    warned = {_key(c) for c in _relevant(matrix, asked) if c["severity"] == "warn"}
    more = f" Beware of the {counted(len(warned), 'warning')} above." if warned else ""
    return text_of([f"Verdict: {said}{more}"])


def _cluster_verdict(matrix: Matrix) -> str:
    number, stuck = len(matrix.domains), [domain for domain, _host in matrix.stuck()]
    silent = [c["subject"]["host"] for c in matrix.checks if c["id"] == "unreachable"]
    without = f" Not looked at: {_some(silent)}." if silent else ""
    if not number:
        return f"there is no VM to migrate.{without}"
    if stuck:
        return f"{len(stuck)} of {counted(number, 'VM')} can go to no other host: {_some(stuck)}.{without}"
    return f"each of {counted(number, 'VM')} can go to at least one other host.{without}"


def _is_shown(item: tuple[str, str], asked: Asked) -> bool:
    return not (asked.hosts or asked.domains) or asked.wants(*item)


def _relevant(matrix: Matrix, asked: Asked) -> list[Check]:
    """Return what did not pass, without what is about VMs that nobody asked for."""
    failed = [check for check in matrix.checks if not check["passed"]]
    return [
        check
        for check in failed
        if check["subject"]["domain"] is None
        or _is_shown((check["subject"]["domain"], check["subject"]["host"]), asked)
    ]


Key = tuple[str, str, str]


def _key(check: Check) -> Key:
    return (check["id"], check["evidence"], check["remedy"])


def _failures(checks: Iterable[Check]) -> dict[Key, Failure]:
    """Gather checks that say the same, in the order in which they first appear."""
    gathered: dict[Key, list[Check]] = {}
    for check in checks:
        gathered.setdefault(_key(check), []).append(check)
    return {
        key: Failure(number, same[0], _about(same))
        for number, (key, same) in enumerate(gathered.items(), start=1)
    }


def _numbers(failures: dict[Key, Failure]) -> t.Callable[[Iterable[Check]], str]:
    """Return a function that names checks by the numbers of their failures."""

    def numbers(checks: Iterable[Check]) -> str:
        return ",".join(str(n) for n in sorted({failures[_key(check)].number for check in checks}))

    return numbers


def _about(checks: Iterable[Check]) -> str:
    """Return the common subject of checks: kvm1 -> kvm3, or web1, web2 -> kvm3."""
    sources: dict[str | None, list[str]] = {}
    for check in checks:
        subject = check["subject"]
        name = subject["domain"] or subject["host"]
        names = sources.setdefault(subject["peer"], [])
        if name not in names:
            names.append(name)
    return "; ".join(
        _some(names) + (f" -> {peer}" if peer else "") for peer, names in sources.items()
    )


def _some(names: list[str]) -> str:
    return (
        ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
    )


def _host_table(
    matrix: Matrix, asked: Asked, numbers: t.Callable[[Iterable[Check]], str]
) -> list[str]:
    """Return which host reaches which; ways that do not concern what was asked were not looked at."""

    def cell(source: str, host: str) -> str:
        if source != host and not asked.concerns(source, host):
            return "-"
        return _cell(source, host, matrix.between(source, host), numbers)

    rows = [(source, *(cell(source, host) for host in matrix.hosts)) for source in matrix.hosts]
    return render_table(("from", *(f"to {host}" for host in matrix.hosts)), rows, indent="")


def _domain_table(
    matrix: Matrix,
    domains: list[tuple[str, str]],
    numbers: t.Callable[[Iterable[Check]], str],
) -> list[str]:
    if not domains:
        return ["No VMs to migrate."]
    rows = [
        (
            domain,
            *(
                _cell(source, host, matrix.cell(domain, source, host), numbers)
                for host in matrix.hosts
            ),
        )
        for domain, source in domains
    ]
    return render_table(("VM", *(f"to {host}" for host in matrix.hosts)), rows, indent="")


def _cell(
    source: str,
    host: str,
    blocking: list[Check],
    numbers: t.Callable[[Iterable[Check]], str],
) -> str:
    if source == host:
        return "here"
    return f"NO {numbers(blocking)}" if blocking else "yes"


def _listing(title: str, failures: Iterable[Failure], *, numbered: bool = False) -> list[str]:
    listed = list(failures)
    if not listed:
        return []
    lines = ["", f"{title}:"]
    for failure in listed:
        number = f"{failure.number:>3}  " if numbered else "     "
        lines.append(f"{number}{failure.about}: {failure.check['evidence']}")
        if failure.check["remedy"]:
            lines.append(f"     {failure.check['remedy']}")
    return lines


def names_vm(evidence: str, domain: str) -> bool:
    """Tell whether a sentence names a VM; a path or a longer name with its name in it does not."""
    return bool(re.search(rf"(?<![\w./-]){re.escape(domain)}(?![\w/-]|\.\w)", evidence))
