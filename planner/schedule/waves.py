# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same order for people, and for static playbooks: waves of migrations that may run together."""

from __future__ import annotations

from collections.abc import Sequence

from .step import TimedStep


def group_in_waves(migrations: Sequence[TimedStep], per_host: int, cluster: int) -> list[list[str]]:
    """Put each migration into the first wave after those it waits for that has tokens left.

    Parameters
    ----------
    migrations
        In the order of their start.
    """
    wave_of: dict[str, int] = {}
    waves: list[list[str]] = []
    busy: list[dict[str, int]] = []
    open_from = 0
    for migration in migrations:
        step = migration.step
        wave = max([open_from, *(wave_of[other] + 1 for other in migration.after)])
        while wave < len(waves) and not _has_tokens(
            waves[wave], busy[wave], migration, per_host, cluster
        ):
            wave += 1
        if wave == len(waves):
            waves.append([])
            busy.append({})
        waves[wave].append(migration.id)
        wave_of[migration.id] = wave
        for host in (step.source, step.destination):
            busy[wave][host] = busy[wave].get(host, 0) + 1
        while open_from < len(waves) and len(waves[open_from]) >= cluster:
            open_from += 1
    return waves


def _has_tokens(
    wave: list[str], busy: dict[str, int], migration: TimedStep, per_host: int, cluster: int
) -> bool:
    ends = (migration.step.source, migration.step.destination)
    return len(wave) < cluster and all(busy.get(host, 0) < per_host for host in ends)
