# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases: which cluster, and what is asked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.instances import converted, synthetic

Facts = Mapping[str, Any]

FOLDER = "DROVER_INSTANCES"
"""Environment variable with a folder of instances (NAME_ff.json, NAME_wf.json); they are no part of the project."""

SIZES = ((20, 200), (100, 1000), (200, 4000), (1000, 20_000))
"""Hosts and VMs of the synthetic clusters."""

SEED = 20_260_101
GOALS = {"ff": ("balance",), "wf": ("consolidate", "evacuate", "balance")}
"""What is asked of first-fit (uneven) and of spread clusters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A cluster and a goal.

    Attributes
    ----------
    load
        Makes the facts; large ones take a while.
    """

    cluster: str
    goal: str
    load: Callable[[], Facts]

    @property
    def name(self) -> str:
        """Cluster and goal."""
        return f"{self.cluster} {self.goal}"

    def hosts(self, facts: Facts) -> list[str]:
        """Return the hosts to empty: the first tenth in an evacuation."""
        names = [host["name"] for host in facts["hosts"]]
        return names[: max(1, len(names) // 10)] if self.goal == "evacuate" else []


def cases() -> Iterator[Case]:
    """Return the cases of the instance files, if there are any, and the synthetic ones, small before large."""
    for cluster, load in [*_files(), *_synthetic()]:
        for goal in GOALS[cluster.rsplit("_", 1)[1]]:
            yield Case(cluster=cluster, goal=goal, load=load)


def _files() -> Iterator[tuple[str, Callable[[], Facts]]]:
    folder = os.environ.get(FOLDER)
    paths = sorted(Path(folder).glob("*_[fw]f.json")) if folder else []
    for path in sorted(paths, key=lambda path: (path.stat().st_size, path.name)):
        yield path.stem, partial(converted, path)


def _synthetic() -> Iterator[tuple[str, Callable[[], Facts]]]:
    for hosts, domains in SIZES:
        for kind in GOALS:
            name = f"synthetic_{hosts}x{domains}_{kind}"
            yield name, partial(synthetic, hosts, domains, seed=SEED, first_fit=kind == "ff")
