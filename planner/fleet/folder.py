# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of clusters: which files belong together. Reading them is the command's part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SUFFIXES = (".json", ".yml", ".yaml")
POLICY, GOAL = ".policy", ".goal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFiles:
    """The files of one cluster, by name; the policy and the goal need not be there."""

    name: str
    facts: str
    policy: str | None
    goal: str | None


def clusters_among(files: Iterable[str]) -> list[ClusterFiles]:
    """Group the names of a folder's files: paris.json, paris.policy.yml and paris.goal.yml are the cluster paris."""
    stems = {file: _stem(file) for file in sorted(files) if file.endswith(SUFFIXES)}
    beside: Mapping[str, str] = {stem: file for file, stem in stems.items()}
    return [
        ClusterFiles(
            name=stem, facts=file, policy=beside.get(stem + POLICY), goal=beside.get(stem + GOAL)
        )
        for file, stem in stems.items()
        if not stem.endswith((POLICY, GOAL))
    ]


def _stem(file: str) -> str:
    return file[: file.rindex(".")]
