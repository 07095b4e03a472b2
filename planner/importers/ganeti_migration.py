# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between which nodes Ganeti migrates: within a node group, and as the migration tags allow.

References
----------
Ganeti, man page ``hbal(1)``, "Migration tags".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PREFIX, ALLOWED = "htools:migration:", "htools:allowmigration:"


def refused_nodes(
    source: str, hosts: Mapping[str, Mapping[str, Any]], cluster_tags: Iterable[str]
) -> dict[str, str]:
    """Return the nodes that no instance of a node may go to, with the reason.

    Parameters
    ----------
    hosts
        Facts by name: the labels hold the group and the tags of a node.
    cluster_tags
        ``htools:migration:P`` makes the tags ``P:...`` of nodes migration tags: all of the source's have to be at the
        target, too. ``htools:allowmigration:X::Y`` lets a target tagged Y take instances as if it were tagged X.
    """
    tags = list(cluster_tags)
    prefixes = tuple(f"{t.removeprefix(PREFIX)}:" for t in tags if t.startswith(PREFIX))
    allowed = [t.removeprefix(ALLOWED).partition("::") for t in tags if t.startswith(ALLOWED)]
    labels = {name: host["labels"] for name, host in hosts.items()}
    needed = _migration_tags(labels[source], prefixes)
    refused = {}
    for name, own_labels in labels.items():
        own = _migration_tags(own_labels, prefixes)
        missing = needed - own - {old for old, _colons, new in allowed if new in own}
        if own_labels["group"] != labels[source]["group"]:
            refused[name] = f"{name} is in another node group ({own_labels['group']})"
        elif missing:
            refused[name] = f"{name} lacks the migration tag {', '.join(sorted(missing))}"
    return refused


def _migration_tags(labels: Mapping[str, str], prefixes: tuple[str, ...]) -> set[str]:
    return {tag for tag in labels if tag.startswith(prefixes)}
