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

from tests.benchmarks.instances import converted, resampled, shrunk, synthetic, tight

Facts = Mapping[str, Any]

FOLDER = "DROVER_INSTANCES"
"""Environment variable with a folder of instances (NAME_ff.json, NAME_wf.json); they are not part of the project."""

SIZES = ((20, 200), (100, 1000), (200, 4000), (1000, 20_000))
"""Hosts and VMs of the synthetic clusters."""

RESAMPLED = (200, 4000)
"""Hosts and VMs of the clusters with VMs of the sizes in the largest instance file."""

SEED = 20_260_101
TIGHT = ((20, 0.93), (20, 0.97), (200, 0.93), (200, 0.97))
"""Hosts, and how full the others are with the VMs of the first one."""

GOALS = {
    "ff": ("consolidate", "balance"),
    "wf": ("consolidate", "evacuate", "balance"),
    "full": ("evacuate",),
    "shrunk": ("repair",),
}
"""What is asked of first-fit (uneven), of spread and nearly full clusters, and of
those in which a tenth of the hosts has lost memory."""

PLACED = ("ff", "wf")
"""How VMs are placed in the synthetic and resampled clusters."""


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
        """Return the hosts to empty: the first tenth in an evacuation, the first one of a nearly full cluster."""
        names = [host["name"] for host in facts["hosts"]]
        tenth = 1 if self.cluster.endswith("full") else max(1, len(names) // 10)
        return names[:tenth] if self.goal == "evacuate" else []


def cases() -> Iterator[Case]:
    """Return the cases of the instance files, if there are any, and the synthetic ones, small before large."""
    for cluster, load in [*_files(), *_resampled(), *_synthetic(), *_tight(), *_shrunk()]:
        for goal in GOALS[cluster.rsplit("_", 1)[1]]:
            yield Case(cluster=cluster, goal=goal, load=load)


def _paths() -> list[Path]:
    """Return the instance files, small before large."""
    folder = os.environ.get(FOLDER)
    paths = Path(folder).glob("*_[fw]f.json") if folder else []
    return sorted(paths, key=lambda path: (path.stat().st_size, path.name))


def _files() -> Iterator[tuple[str, Callable[[], Facts]]]:
    for path in _paths():
        yield path.stem, partial(converted, path)


def _resampled() -> Iterator[tuple[str, Callable[[], Facts]]]:
    """Return larger clusters of the kind of the largest file of each placement."""
    hosts, domains = RESAMPLED
    for kind in PLACED:
        for path in [path for path in _paths() if path.stem.endswith(kind)][-1:]:
            name = f"resampled_{hosts}x{domains}_{kind}"
            yield (
                name,
                partial(resampled, path, hosts, domains, seed=SEED, first_fit=kind == "ff"),
            )


def _synthetic() -> Iterator[tuple[str, Callable[[], Facts]]]:
    for hosts, domains in SIZES:
        for kind in PLACED:
            name = f"synthetic_{hosts}x{domains}_{kind}"
            yield name, partial(synthetic, hosts, domains, seed=SEED, first_fit=kind == "ff")


def _tight() -> Iterator[tuple[str, Callable[[], Facts]]]:
    for hosts, full in TIGHT:
        yield f"tight_{hosts}_{100 * full:.0f}%_full", partial(tight, hosts, full, seed=SEED)


def _shrunk() -> Iterator[tuple[str, Callable[[], Facts]]]:
    for hosts, domains in SIZES[1:]:
        yield f"synthetic_{hosts}x{domains}_shrunk", partial(shrunk, hosts, domains, seed=SEED)
