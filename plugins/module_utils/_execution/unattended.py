# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settles one VM whose migration nobody looks after any more, by what both of its hosts say.

Three things may have happened to it. libvirt still migrates it, for the source's daemon does that by
itself: that is waited for. It ended: then the VM may stand still on its destination, for nobody was there
to resume it, and it is resumed if the source's QEMU is proved gone. It stayed, and left something on a
host that did not answer: that is removed.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses

from .._ends.account import Account
from .._ends.ends import Ends
from .._ends.outcome import Outcome
from .._ends.repair import Repairs
from .._errors import DroverError
from .._facts.end_state import FENCED
from .._facts.handover import HandoverMark
from .._libvirt.events import start_event_loop
from .._live.post_copy import in_post_copy
from .._migration.settlement import conclude_left
from .._quick.quick_way import QuickWay
from .._request.request import MigrationRequest
from .migrating import uncleaned
from .records import StartedMigration
from .settled import SettledMigration

_LOOK_AGAIN_S = 0.5


def settle_migration(
    migration: StartedMigration, request: MigrationRequest, ends: Ends, patience_s: float
) -> SettledMigration:
    """Settle one VM by what both hosts say.

    Parameters
    ----------
    migration : StartedMigration
        What the journal says of it.
    request : MigrationRequest
        The same as it was asked for.
    ends : Ends
        The hosts, and time.
    patience_s : float
        How long to wait for a migration that libvirt is still carrying out.

    Side Effects
    ------------
    May resume the VM on the destination, when the source's QEMU is proved gone; may end copies
    that never ran and remove definitions of which another host has the running VM.
    """
    start_event_loop()
    try:
        if migration.uncleaned:
            return _cleaned(migration, request, ends)
        finished = _finished_quick_move(migration, ends)
        return finished or _settled_by_table(migration, request, ends, patience_s)
    except DroverError as error:
        return SettledMigration(migration, Account(Outcome.UNKNOWN, str(error)))
    finally:
        ends.close()


def _cleaned(
    migration: StartedMigration, request: MigrationRequest, ends: Ends
) -> SettledMigration:
    """Remove what the VM has left on a host that did not answer, once that answers again."""
    evidence = ends.states(migration.uuid)
    moved = migration.uncleaned == migration.source
    holder = evidence.destination if moved else evidence.source
    as_before = SettledMigration(
        migration,
        Account(migration.outcome or Outcome.UNKNOWN, migration.reason),
        uncleaned=migration.uncleaned,
    )
    if any(
        not end.readable or end.reason == FENCED for end in (evidence.source, evidence.destination)
    ):
        return as_before
    if not holder.active:
        # It has moved on since, so what this migration knew of it is old.
        return dataclasses.replace(as_before, uncleaned="")
    return _settled_by_table(migration, request, ends, 0.0)


def _finished_quick_move(migration: StartedMigration, ends: Ends) -> SettledMigration | None:
    """Bring a quick move to its end; None when no image tells of one."""
    if migration.options.mode != "quick":
        return None
    way = QuickWay(migration.options, ends)
    interrupted = way.interrupted(migration.domain, migration.uuid)
    account = interrupted.finish() if interrupted else None
    if account is None:
        return None
    reason = account.reason or "Finished the quick move that was interrupted."
    return SettledMigration(migration, dataclasses.replace(account, reason=reason))


def _settled_by_table(
    migration: StartedMigration, request: MigrationRequest, ends: Ends, patience_s: float
) -> SettledMigration:
    repairs = Repairs(ends, migration.uuid)
    _wait_for_libvirt(repairs, patience_s)
    verdict, evidence = conclude_left(request, repairs, migration.mark or HandoverMark())
    outcome = verdict.outcome or Outcome.UNKNOWN
    account = Account(
        outcome,
        verdict.reason
        or "Found {0} on the source and {1} on the destination.".format(
            evidence.source, evidence.destination
        ),
        actions=tuple(repairs.actions),
        leftovers=tuple(repairs.leftovers),
        evidence=evidence,
    )
    return SettledMigration(migration, account, uncleaned(migration, outcome, evidence))


def _wait_for_libvirt(repairs: Repairs, patience_s: float) -> None:
    """Wait while the source's daemon still works on the VM: it migrates without anybody's help.

    A broken post-copy keeps it at work for ever.
    """
    clock = repairs.ends.clock
    give_up_at_s = clock() + patience_s
    while clock() < give_up_at_s:
        evidence = repairs.look()
        source = evidence.source
        if not (source.readable and source.busy) or in_post_copy(evidence):
            return
        repairs.ends.sleep(_LOOK_AGAIN_S)
