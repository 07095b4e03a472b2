# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a VM's metadata says. Its tenant writes it: what makes no sense there costs that VM its value, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .snapshot import ClusterSnapshot

JsonObject = Mapping[str, Any]

HIGHEST_PRIORITY = 1000
"""What no priority is above, and its negative what none is below."""

MOST_LABELS, LONGEST_LABEL = 100, 1000

AHEAD = timedelta(minutes=5)
"""By how much the clock of the host that wrote down a migration may be ahead of ours."""


def with_sensible_values(domain: Any) -> tuple[Any, list[str]]:
    """Return the facts of a VM without values that make no sense, and a warning for each of them."""
    if not isinstance(domain, Mapping):
        return domain, []
    found = dict(domain)
    warnings = []
    priority = found.get("priority")
    if priority is not None and not _is_priority(priority):
        del found["priority"]
        warnings.append(
            f"VM {domain.get('name')} counts as one without priority: its metadata says {str(priority)[:20]!r}, and "
            f"priorities are whole numbers from -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}."
        )
    labels = found.get("labels")
    if isinstance(labels, Mapping) and not _are_labels(labels):
        del found["labels"]
        warnings.append(
            f"VM {domain.get('name')} counts as one without labels: it may have {MOST_LABELS}, with names and "
            f"values of {LONGEST_LABEL} characters."
        )
    return found, warnings


def _is_priority(value: Any) -> bool:
    return isinstance(value, int) and -HIGHEST_PRIORITY <= value <= HIGHEST_PRIORITY


def _are_labels(labels: Mapping[Any, Any]) -> bool:
    texts = [*labels, *labels.values()]
    return len(labels) <= MOST_LABELS and all(len(str(text)) <= LONGEST_LABEL for text in texts)


def without_future(snapshot: ClusterSnapshot, now: datetime | None) -> ClusterSnapshot:
    """Forget migrations that are said to have happened later than now, with a warning for each."""
    if now is None:
        return snapshot
    late = [
        d
        for d in snapshot.domains.values()
        if d.last_migration and d.last_migration.at > now + AHEAD
    ]
    if not late:
        return snapshot
    forgotten = {domain.name: replace(domain, last_migration=None) for domain in late}
    return replace(
        snapshot,
        domains={**snapshot.domains, **forgotten},
        warnings=(*snapshot.warnings, *_forgotten(late)),
    )


def _forgotten(late: Iterable[Any]) -> Iterable[str]:
    for domain in late:
        yield (
            f"VM {domain.name} counts as one that never moved: its metadata says that it moved at "
            f"{domain.last_migration.at.isoformat()}, which is not over yet."
        )
