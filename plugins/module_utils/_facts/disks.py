# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks of a domain: where their data is, and in which storage of the host it lies.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import posixpath
import typing as t
import xml.etree.ElementTree as ET

_PATH_ATTRIBUTE = {"file": "file", "block": "dev", "dir": "dir"}
# Kinds of sources that are a path of a file system, whose storage so matters.
FILE_TYPES = ("file", "dir", "volume")


def source_path(kind: str, source: ET.Element | None, pools: dict[str, str]) -> str | None:
    """Return where a disk's source is: a path, C(protocol:name), or None for an empty drive.

    Parameters
    ----------
    kind : str
        The C(type) of the disk.
    source : xml.etree.ElementTree.Element or None
        Its C(<source>).
    pools : dict
        The directory of each storage pool by name, to resolve volumes.
    """
    if source is None:
        return None
    if kind == "volume":
        directory = pools.get(source.get("pool", ""))
        return posixpath.join(directory, source.get("volume", "")) if directory else None
    if kind == "network":
        return "{}:{}".format(source.get("protocol", ""), source.get("name", ""))
    return source.get(_PATH_ATTRIBUTE.get(kind, ""))


def _backing_paths(disk: ET.Element, pools: dict[str, str]) -> list[str]:
    """Return the paths of the images that a disk's image is layered on, nearest first."""
    paths = []
    for layer in disk.iter("backingStore"):
        kind = layer.get("type", "")
        path = source_path(kind, layer.find("source"), pools) if kind in FILE_TYPES else None
        if path:
            paths.append(path)
    return paths


def attribute(parent: ET.Element, child: str, name: str, default: str = "") -> str:
    """Return an attribute of a child, C(default) where there is no such child or attribute."""
    element = parent.find(child)
    return default if element is None else element.get(name, default)


def disk_facts(disk: ET.Element, pools: dict[str, str]) -> dict[str, t.Any]:
    """Return the facts of one C(<disk>), C(storage) left open (see C(with_storage))."""
    kind = disk.get("type", "file")
    facts: dict[str, t.Any] = {
        "target": attribute(disk, "target", "dev"),
        "device": disk.get("device", "disk"),
        "type": kind,
        "path": source_path(kind, disk.find("source"), pools),
        "readonly": disk.find("readonly") is not None or disk.get("device") == "cdrom",
        "format": attribute(disk, "driver", "type") or None,
        "cache": attribute(disk, "driver", "cache", "default"),
        "storage": None,
    }
    backing = _backing_paths(disk, pools)
    return dict(facts, backing=backing) if backing else facts


def disks(domain: ET.Element, pools: dict[str, str]) -> list[dict[str, t.Any]]:
    """Return the facts of all disks of a domain, C(storage) left open."""
    return [disk_facts(disk, pools) for disk in domain.findall("devices/disk")]


def file_paths(disk: dict[str, t.Any]) -> list[str]:
    """Return the paths on file systems that a disk needs: its image and what that is layered on."""
    own = [disk["path"]] if disk["type"] in FILE_TYPES and disk["path"] else []
    return own + list(disk.get("backing", []))


def with_storage(
    disk: dict[str, t.Any], storage_of: t.Callable[[str], dict[str, t.Any] | None]
) -> dict[str, t.Any]:
    """Return the disk with the path of the host's storage that its image lies in.

    Parameters
    ----------
    disk : dict
        Facts of a disk.
    storage_of : callable
        Gives the storage entry of the host for a path, None where there is none.
    """
    if disk["type"] not in FILE_TYPES + ("block",) or not disk["path"]:
        return disk
    entry = storage_of(disk["path"])
    if entry and disk["type"] == "block" and entry["path"] != disk["path"]:
        return disk  # what the directory /dev lies on holds the name, not the data
    return dict(disk, storage=entry["path"] if entry else None)
