# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the storages of a host: where pools and images are, and what identifies that place.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._facts.domain import Definition
from .._facts.storage import (
    Mount,
    device_facts,
    parse_mounts,
    pool_directories,
    storage_facts,
    storage_paths,
)
from .._linux.block_devices import read_block_devices
from .._linux.marker_files import read_markers
from .._linux.mounts import read_mountinfo, real_paths


def inspect_storage(
    pools: t.Iterable[dict[str, t.Any]], definitions: t.Collection[Definition], warnings: list[str]
) -> tuple[list[dict[str, t.Any]], dict[str, str]]:
    """Return the storages of the host, and the paths of pools and images with their links followed.

    Parameters
    ----------
    pools : iterable of dict
        Facts of the storage pools.
    definitions : collection of Definition
        The domains whose images matter.
    warnings : list of str
        Takes up a sentence for each storage that cannot be identified.
    """
    mounts = parse_mounts(read_mountinfo())
    directories = list(pool_directories(pools).values())
    images = [path for definition in definitions for path in definition.image_paths]
    real = real_paths(directories + images)
    paths = storage_paths(
        mounts, [real[path] for path in directories], [real[path] for path in images]
    )
    used = [path for definition in definitions for path in definition.device_paths]
    devices = [device_facts(device) for device in read_block_devices(used)]
    return _identified(paths, mounts, warnings) + devices, real


def _identified(
    paths: list[str], mounts: t.Sequence[Mount], warnings: list[str]
) -> list[dict[str, t.Any]]:
    markers = read_markers(paths)
    warnings.extend(
        f"The storage {path} cannot be identified: {marker.problem}."
        for path, marker in markers.items()
        if marker.problem
    )
    return [storage_facts(path, mounts, markers[path]) for path in paths]
