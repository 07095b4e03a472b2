# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the record of a rolling maintenance says after each of its events. Pure.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

Record = dict[str, t.Any]
Names = t.Sequence[str]


def begun(record: Record, hosts: Names, cluster: Names) -> Record:
    """Return the record of a run that is going to maintain hosts; those that left the cluster are forgotten."""
    kept = [name for name in record["hosts"] if name in cluster]
    return dict(record, hosts=_joined(kept, hosts))


def emptying(record: Record, hosts: Names, done: Names) -> Record:
    """Return it before the hosts of a batch are emptied; batches that are over leave it."""
    return dict(record, batch=_joined(_without(record["batch"], done), hosts))


def maintained(record: Record, hosts: Names) -> Record:
    """Return it when the operator's tasks came to their end on hosts."""
    return dict(record, maintained=_joined(record["maintained"], hosts))


def ended(record: Record, hosts: Names) -> Record:
    """Return it after the last batch of a run that was to maintain hosts.

    Hosts that were begun before and had no turn in this run stay in C(batch); the next run takes them up.
    """
    batch = _without(record["batch"], hosts)
    finished = not batch and not left(record)
    return dict(record, batch=batch, running=False, finished=finished)


def left(record: Record) -> list[str]:
    """Return the hosts that are still to be maintained."""
    return _without(record["hosts"], record["maintained"])


def rest(record: Record) -> str:
    """Return in words what a run left that has ended; nothing where the maintenance is finished."""
    if record["finished"]:
        return ""
    sentences = ["Still to be maintained, but not in this run: {0}.".format(_words(left(record)))]
    if record["batch"]:
        sentences.append(
            "Still in maintenance, because their turn was interrupted: {0}.".format(
                _words(record["batch"])
            )
        )
    return " ".join(sentences)


def _joined(names: Names, more: Names) -> list[str]:
    return list(dict.fromkeys([*names, *more]))


def _without(names: Names, gone: Names) -> list[str]:
    return [name for name in names if name not in gone]


def _words(names: Names) -> str:
    return ", ".join(sorted(names)) or "none"
