# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks which VMs hosts have after the last migration: somebody may have started, stopped or moved one meanwhile.

The hosts that the goal is about are looked at, and no more as long as every VM of the plan is where it was said to
be. Where one is not, all hosts of the plan are asked for it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from .._ends.account import Account
from .._ends.outcome import Outcome
from .._errors import DroverError
from .._facts.power_guards import ListedVm
from .._libvirt.vms import read_vms
from .._patience import PatientCall
from .executor import StepOutcome

# How long a host may take to answer; one that is not there must not hold up the end for long.
PATIENCE_S = 15.0
# This many hosts are asked at a time.
AT_ONCE = 16

# What was seen: the VMs of each host, None for one that did not answer.
Seen = dict[str, t.Optional[list[dict[str, t.Any]]]]
ReadVms = t.Callable[[str], list[ListedVm]]


def look_last(
    hosts: t.Sequence[str],
    outcomes: t.Sequence[StepOutcome],
    uris: t.Mapping[str, str],
    read: ReadVms = read_vms,
) -> Seen:
    """Return the VMs of hosts, after the last migration.

    Parameters
    ----------
    hosts : sequence of str
        The hosts that have to be looked at.
    outcomes : sequence of StepOutcome
        What became of the migrations.
    uris : dict
        How libvirt is reached on each host that there is.
    read : callable, optional
        Returns the VMs of a host.
    """
    ends = {end for outcome in outcomes if not outcome.outcome.moved for end in outcome.step.ends}
    seen = _look_at(sorted({*hosts, *ends}), uris, read)
    if any(_is_missing(outcome, seen) for outcome in outcomes):
        seen.update(_look_at([name for name in sorted(uris) if name not in seen], uris, read))
    return seen


def _look_at(hosts: t.Sequence[str], uris: t.Mapping[str, str], read: ReadVms) -> Seen:
    with concurrent.futures.ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = pool.map(lambda host: _look(uris.get(host), read), hosts)
        return dict(zip(hosts, answers))


def _look(uri: str | None, read: ReadVms) -> list[dict[str, t.Any]] | None:
    if not uri:
        return None
    try:
        return PatientCall(lambda: _read(uri, read)).result_or(PATIENCE_S, None)
    except DroverError:
        return None


def _read(uri: str, read: ReadVms) -> list[dict[str, t.Any]] | None:
    return [vm._asdict() for vm in read(uri)]


def _is_missing(outcome: StepOutcome, seen: Seen) -> bool:
    """Whether a VM runs on none of the hosts that were seen, and not on the one that it moved to unseen."""
    step = outcome.step
    if outcome.outcome.moved and step.destination not in seen:
        return False
    wanted = step.uuid or step.domain
    found = [vm for vms in seen.values() for vm in vms or ()]
    return not any(vm["active"] and wanted in (vm["uuid"], vm["name"]) for vm in found)


def found_elsewhere(outcomes: t.Sequence[StepOutcome], seen: Seen) -> list[StepOutcome]:
    """Return the outcomes with the place of each VM that its two hosts do not have and a third one does."""
    return [_placed(outcome, seen) for outcome in outcomes]


def _placed(outcome: StepOutcome, seen: Seen) -> StepOutcome:
    uuid = outcome.step.uuid
    if outcome.outcome is not Outcome.GONE or not uuid:
        return outcome
    hosts = [
        host
        for host, vms in sorted(seen.items())
        if any(vm["active"] and vm["uuid"] == uuid for vm in vms or ())
    ]
    if not hosts:
        return outcome
    reason = "It runs on {0}, to which somebody else has moved it.".format(hosts[0])
    return dataclasses.replace(outcome, account=Account(Outcome.ELSEWHERE, reason))
