# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in which links, ports or the power fail while memory is copied."""

from __future__ import annotations

from tests.faults.injections import (
    block_ports,
    both,
    cut,
    give_up_post_copy,
    kill_migrator,
    plug,
    power_cut,
    power_cycle,
    thaw_daemon,
    until_arrival_ends,
    until_daemon_gives_up,
    until_stalled,
)
from tests.faults.row import BY_CONTROLLER, MOVED, Expected, Moment, Row, Vm
from tests.lab.layout import MANAGEMENT, MIGRATION

_NETWORKS = (MANAGEMENT, MIGRATION)
_QUICK_SILENCE = {"no_progress_timeout_s": 4.0}

ROWS = (
    Row(
        "migration-link-cut",
        "the migration link is cut",
        Moment.COPYING,
        cut("destination", MIGRATION),
        Expected("not_moved|rolled_back", "no_progress", "Not one byte was copied"),
        options=_QUICK_SILENCE,
        quick=True,
    ),
    Row(
        "migration-link-healed",
        "the migration link is cut until the copy stands still, and healed",
        Moment.COPYING,
        both(cut("destination", MIGRATION), until_stalled, plug("destination", MIGRATION)),
        MOVED,
        options={"bandwidth_mib_s": 20},
    ),
    Row(
        "management-link-cut",
        "the management link is cut until libvirt gives up",
        Moment.COPYING,
        both(
            cut("destination", MANAGEMENT), until_daemon_gives_up, plug("destination", MANAGEMENT)
        ),
        Expected("not_moved", "daemon_lost"),
    ),
    Row(
        "all-links-cut",
        "both links of the destination are cut until libvirt gives up",
        Moment.COPYING,
        both(
            cut("destination", *_NETWORKS), until_daemon_gives_up, plug("destination", *_NETWORKS)
        ),
        Expected("not_moved", "daemon_lost"),
    ),
    Row(
        "all-links-cut-for-good",
        "both links of the destination are cut and healed after the verdict",
        Moment.COPYING,
        cut("destination", *_NETWORKS),
        Expected("not_moved", "daemon_lost|unreachable|no_progress", "was never handed over"),
        options={"settle_timeout_s": 3.0},
        leaves="does not answer",
        limit_s=150.0,
    ),
    Row(
        "source-links-cut-for-good",
        "both links of the source are cut and healed after the verdict, while a third host migrates",
        Moment.COPYING,
        cut("source", *_NETWORKS),
        Expected("unknown", "unknown", "Nothing was started anywhere"),
        options={"settle_timeout_s": 3.0},
        driver="third",
        limit_s=200.0,
    ),
    Row(
        "source-links-cut-handover",
        "both links of the source are cut and healed after the verdict, while a third host migrates",
        Moment.HANDOVER,
        both(cut("source", *_NETWORKS), thaw_daemon("destination"), until_arrival_ends),
        Expected(
            "unknown", "unknown", "Nothing was started", source="absent", destination="running"
        ),
        vm=Vm("running, diskless", options={"disk": False}),
        options={"settle_timeout_s": 3.0},
        driver="third",
        settles=True,
        limit_s=200.0,
    ),
    Row(
        "post-copy-link-cut",
        "the migration link is cut until QEMU gives it up, and healed",
        Moment.POST_COPY,
        both(cut("destination", MIGRATION), give_up_post_copy, plug("destination", MIGRATION)),
        Expected("unknown", "post_copy_broken", source="absent", destination="running"),
        options={"post_copy": "on_stall", "settle_timeout_s": 3.0},
        settles=True,
        limit_s=200.0,
        note="the second run resumes it",
    ),
    Row(
        "post-copy-link-cut-settled",
        "the migration link is cut until QEMU gives it up, and healed; the migrating process is killed",
        Moment.POST_COPY,
        both(
            cut("destination", MIGRATION),
            give_up_post_copy,
            kill_migrator,
            plug("destination", MIGRATION),
        ),
        Expected("killed", source="absent", destination="running"),
        options={"post_copy": "on_stall", "settle_timeout_s": 30.0},
        settles=True,
        settler="settle",
        limit_s=200.0,
    ),
    Row(
        "ports-rejected",
        "the destination's firewall rejects the migration ports",
        Moment.BEFORE,
        block_ports("reject with tcp reset"),
        Expected("not_moved", "prerequisite_failed", "Connection refused"),
        quick=True,
    ),
    Row(
        "ports-dropped",
        "the destination's firewall drops what comes to the migration ports",
        Moment.BEFORE,
        block_ports("drop"),
        Expected("not_moved", "prerequisite_failed", "nothing answers within 3 s"),
        note="libvirt would wait for 135 s, in which nothing can be cancelled",
        quick=True,
    ),
    Row(
        "ports-dropped-after-the-proof",
        "the destination's firewall drops what comes to the migration ports from now on",
        Moment.ASKED,
        block_ports("drop"),
        Expected("not_moved", "unreachable|daemon_lost|no_progress|timeout"),
        limit_s=200.0,
    ),
    Row(
        "ports-dropped-copying",
        "the destination's firewall drops what comes to the migration ports from now on",
        Moment.COPYING,
        block_ports("drop"),
        Expected("not_moved|rolled_back", "no_progress", "Not one byte was copied"),
        options=_QUICK_SILENCE,
    ),
    Row(
        "destination-power-cut",
        "the destination loses its power and boots after the verdict",
        Moment.COPYING,
        power_cut("destination"),
        Expected("not_moved", "daemon_lost|unreachable", "was never handed over"),
        leaves="does not answer",
        quick=True,
        limit_s=30.0,
        note="libvirt gives it up after 6 s here (30 s by default), the verdict comes at most 10 s later",
    ),
    Row(
        "destination-power-cycle",
        "the destination loses its power and boots again",
        Moment.COPYING,
        power_cycle("destination"),
        Expected("not_moved", "daemon_lost"),
    ),
    Row(
        "source-power-cut",
        "the source, and with it the migrating process, loses its power and boots again",
        Moment.COPYING,
        both(power_cycle("source"), until_arrival_ends),
        Expected("killed", source="running|shutoff"),
        starts_again=True,
        note="the VM has autostart: it starts with its host, once",
    ),
    Row(
        "source-power-cut-handover",
        "the source loses its power and boots again",
        Moment.HANDOVER,
        power_cycle("source"),
        Expected("killed", source="running|shutoff|absent", destination="absent|running|shutoff"),
        starts_again=True,
        settles=True,
    ),
    Row(
        "source-power-cut-handed-over",
        "the source loses its power and boots again",
        Moment.HANDED_OVER,
        power_cycle("source"),
        Expected("killed", source="absent", destination="running"),
        options=BY_CONTROLLER,
        settles=True,
    ),
    Row(
        "source-power-cut-handed-over-fenced",
        "a third host migrates and is killed, the source loses its power and stays off until the VM is settled",
        Moment.HANDED_OVER,
        both(kill_migrator, power_cut("source")),
        Expected("killed", source="absent", destination="running"),
        options=BY_CONTROLLER,
        driver="third",
        settles=True,
        settler="settle",
        fenced="source",
        note="the operator vouches for the source (drover_fenced); the VM runs before that is back, and the "
        "lock on its image keeps the source from starting it again",
    ),
    Row(
        "destination-power-cut-handed-over-fenced",
        "the destination loses its power and stays off until the VM is settled",
        Moment.HANDED_OVER,
        power_cut("destination"),
        Expected(
            "unknown", "unknown", "Nothing was started", source="absent", destination="shutoff"
        ),
        options={**BY_CONTROLLER, "settle_timeout_s": 3.0},
        settles=True,
        settler="settle",
        fenced="destination",
        starts_again=True,
        limit_s=150.0,
        note="the VM was there only, so it is lost; its definition is back with the host",
    ),
)
