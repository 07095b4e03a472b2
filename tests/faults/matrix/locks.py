# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which the image's lock stands between the hosts, and the same without its use.

A VM whose lock the destination sees is handed over by libvirt itself. What is lost between the
daemons then must not matter: the source cannot let the VM run again, for the destination has its
disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.faults.injections import (
    both,
    cut,
    drop_replies,
    lift,
    plug,
    thaw_daemon,
    until_daemon_gives_up,
)
from tests.faults.row import EITHER, MOVED, Moment, Row
from tests.lab.layout import MANAGEMENT

ROWS = (
    Row(
        "replies-dropped-locked",
        "what the destination sends to the source is dropped, until the source gives up",
        Moment.HANDOVER,
        both(drop_replies, thaw_daemon("destination"), until_daemon_gives_up, lift("destination")),
        MOVED,
        quick=True,
        note="the source cannot let it run again: the destination holds the lock on its disk",
    ),
    Row(
        "management-cut-locked",
        "the management link is cut until the source gives up",
        Moment.HANDOVER,
        both(
            cut("destination", MANAGEMENT),
            thaw_daemon("destination"),
            until_daemon_gives_up,
            plug("destination", MANAGEMENT),
        ),
        EITHER,
    ),
)


def by_controller(rows: Iterable[Row]) -> Iterator[Row]:
    """Return the rows of a handover with locks once more, without their use."""
    for row in rows:
        options = {"handover": "controller", **row.options}
        has_disk = row.vm.options.get("disk", True)
        if row.moment is Moment.HANDOVER and has_disk and "post_copy" not in options:
            yield replace(row, name=f"{row.name}-unlocked", options=options, quick=False)
