# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in the split-brain window: the destination has all, the source does not know it yet."""

from __future__ import annotations

from tests.faults.injections import (
    both,
    cut,
    drop_replies,
    lift,
    plug,
    power_cycle,
    thaw_daemon,
    until_source_runs_again,
    user,
)
from tests.faults.row import BY_CONTROLLER, MOVED, Expected, Moment, Row, Vm
from tests.faults.scene import Scene
from tests.lab.layout import MANAGEMENT, MIGRATION

# Without a disk: QEMU's lock on an image would hide that two copies run.
_DISKLESS = Vm("running, diskless", options={"disk": False})
_STAYS = Expected("rolled_back|not_moved", "daemon_lost")


def _pause_1_s(scene: Scene) -> None:
    scene.let_pass(1.0)


def _pause_3_s(scene: Scene) -> None:
    scene.let_pass(3.0)


ROWS = (
    Row(
        "frozen-past-keepalive",
        "the destination's libvirtd hangs for longer than the keepalive, then goes on",
        Moment.HANDOVER,
        until_source_runs_again,
        _STAYS,
        vm=_DISKLESS,
        quick=True,
        beside_stock=True,
    ),
    Row(
        "frozen-past-keepalive-disk",
        "the destination's libvirtd hangs for longer than the keepalive, then goes on",
        Moment.HANDOVER,
        until_source_runs_again,
        _STAYS,
    ),
    Row(
        "frozen-short",
        "the destination's libvirtd hangs for 3 s, less than the keepalive",
        Moment.HANDOVER,
        _pause_3_s,
        MOVED,
    ),
    Row(
        "replies-dropped",
        "what the destination sends to the source is dropped, until the source gives up",
        Moment.HANDOVER,
        both(
            drop_replies, thaw_daemon("destination"), until_source_runs_again, lift("destination")
        ),
        _STAYS,
        vm=_DISKLESS,
        quick=True,
        beside_stock=True,
    ),
    Row(
        "replies-dropped-for-good",
        "what the destination sends to the source is dropped until after the verdict",
        Moment.HANDOVER,
        both(drop_replies, thaw_daemon("destination"), until_source_runs_again),
        Expected(
            "not_moved",
            "daemon_lost|unreachable",
            "was never handed over",
            source="absent",
            destination="running",
        ),
        vm=_DISKLESS,
        options={"settle_timeout_s": 3.0},
        settles=True,
        leaves="does not answer",
        limit_s=150.0,
    ),
    Row(
        "replies-dropped-healed",
        "what the destination sends to the source is dropped for 1 s",
        Moment.HANDOVER,
        both(drop_replies, thaw_daemon("destination"), _pause_1_s, lift("destination")),
        MOVED,
        vm=_DISKLESS,
    ),
    Row(
        "management-cut-handover",
        "the management link is cut until the source gives up",
        Moment.HANDOVER,
        both(
            cut("destination", MANAGEMENT),
            thaw_daemon("destination"),
            until_source_runs_again,
            plug("destination", MANAGEMENT),
        ),
        _STAYS,
        vm=_DISKLESS,
    ),
    Row(
        "all-links-cut-handover",
        "both links of the destination are cut until the source gives up",
        Moment.HANDOVER,
        both(
            cut("destination", MANAGEMENT, MIGRATION),
            thaw_daemon("destination"),
            until_source_runs_again,
            plug("destination", MANAGEMENT, MIGRATION),
        ),
        _STAYS,
        vm=_DISKLESS,
    ),
    Row(
        "destination-power-cycle-handover",
        "the destination loses its power and boots again",
        Moment.HANDOVER,
        power_cycle("destination"),
        _STAYS,
        vm=_DISKLESS,
    ),
    Row(
        "destroy-destination-handover",
        "a user destroys the VM on the destination as soon as it can be done",
        Moment.HANDED_OVER,
        user("destination", "destroy"),
        Expected("moved", source="absent", destination="shutoff"),
        options=BY_CONTROLLER,
        starts_again=True,
        note="it had arrived; that it is off is the user's wish",
    ),
    Row(
        "management-cut-handed-over",
        "the destination's management link is cut; healed after the verdict",
        Moment.HANDED_OVER,
        cut("destination", MANAGEMENT),
        Expected(
            "unknown", "unknown", "Nothing was started", source="absent", destination="running"
        ),
        options={**BY_CONTROLLER, "settle_timeout_s": 3.0},
        settles=True,
        limit_s=150.0,
    ),
)
