# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that the facts show on more than one host.

That is not a fault by itself: a migration leaves a definition behind, or is under way and shows the VM at both ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..errors import InputError
from .domain import Domain


def one_each(entries: Iterable[Domain]) -> tuple[dict[str, Domain], list[str]]:
    """Return one entry for each name, in the order of names, and sentences about the entries left out.

    Raises
    ------
    InputError
        Two VMs of the same name run, and it is not one VM on its way from one host to the other.
    """
    groups: dict[str, list[Domain]] = {}
    for entry in entries:
        groups.setdefault(entry.name, []).append(entry)
    found: dict[str, Domain] = {}
    sentences: list[str] = []
    for name, group in sorted(groups.items()):
        found[name] = group[0] if len(group) == 1 else _choose(group, sentences)
    return found, sentences


def _choose(group: list[Domain], sentences: list[str]) -> Domain:
    """Keep the one that runs, and remember where its name is taken."""
    placed = [domain for domain in group if domain.is_placed]
    if len(placed) > 1:
        placed = [_under_way(placed)]
    kept = placed[0] if placed else min(group, key=lambda domain: domain.host)
    others = [d for d in group if d.host != kept.host and not d.is_placed]
    for other in others:
        sentences.append(
            f"VM {kept.name} is also defined on {other.host}, where it is {other.state}."
        )
    foreign = frozenset(
        d.host for d in others if None not in (d.uuid, kept.uuid) and d.uuid != kept.uuid
    )
    return replace(kept, name_taken_on=foreign)


def _under_way(placed: list[Domain]) -> Domain:
    """Recognise one VM at both ends of its migration; the end whose job is not an arrival is the source."""
    sources = [
        domain for domain in placed if domain.job and domain.job.get("kind") != "migration_in"
    ]
    if (
        len(placed) == 2
        and len(sources) == 1
        and placed[0].uuid is not None
        and placed[0].uuid == placed[1].uuid
    ):
        source = sources[0]
        destination = next(domain.host for domain in placed if domain is not source)
        return replace(source, job={**(source.job or {}), "destination": destination})
    one, other = placed[:2]
    raise InputError(
        f"there are two running VMs named {one.name} (on {one.host} and {other.host}); if it is one VM that runs "
        "twice, stop one of them at once, else rename one: names must be unique in the cluster.",
        path="facts.domains",
    )
