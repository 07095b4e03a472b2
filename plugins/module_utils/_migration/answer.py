# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does what the module vm_migrate was asked for, and turns the result into the module's answer.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._ends.outcome import Outcome
from .._request.argspec import read_options
from .._request.request import MigrationRequest
from .._uris import check_uri
from .migrate import abort, examine, foresee, migrate, reconcile
from .result import MigrationResult

STATES = ("migrated", "reconciled", "aborted")


def read_request(params: t.Mapping[str, t.Any]) -> MigrationRequest:
    """Return what the module's parameters ask for.

    Raises
    ------
    InvalidOption
        An option is outside its range.
    ConnectionFailed
        A URI holds a password.
    """
    for name in ("source_uri", "destination_uri", "peer_uri"):
        check_uri(params[name] or "")
    return MigrationRequest(
        domain=params["name"],
        uuid=params["uuid"],
        source=params["source"] or "",
        source_uri=params["source_uri"],
        destination=params["destination"] or "",
        destination_uri=params["destination_uri"] or "",
        peer_uri=params["peer_uri"] or "",
        migration_address=params["migration_address"],
        options=read_options(params),
        believe_mark=params["believe_mark"],
    )


def answer(request: MigrationRequest, state: str, check_mode: bool) -> dict[str, t.Any]:
    """Bring the VM to the state, and return what the module returns.

    Returns
    -------
    dict
        The result, with C(changed) and C(diff); C(msg) for a failure, which has an C(error_code).
    """
    result = _carried_out(request, state, check_mode)
    document = result.to_dict()
    if result.error_code:
        document["msg"] = "{} {}".format(result.reason, result.remedy).strip()
        return document
    moves = result.outcome is Outcome.MOVED or (
        check_mode and state == "migrated" and result.outcome is Outcome.NOT_MOVED
    )
    before = request.source_name if moves else _whereabouts(result, request)
    after = request.destination_name if moves else before
    document["changed"] = moves or bool(result.actions)
    document["diff"] = {
        "before": {"host": before, "repairs": []},
        "after": {"host": after, "repairs": list(result.actions)},
    }
    return document


def _carried_out(request: MigrationRequest, state: str, check_mode: bool) -> MigrationResult:
    """Bring the VM to the state, or in check mode say what that would take."""
    if state == "aborted":
        return abort(request, look_only=check_mode)
    if state == "reconciled":
        return foresee(request) if check_mode else reconcile(request)
    return examine(request) if check_mode else migrate(request)


def _whereabouts(result: MigrationResult, request: MigrationRequest) -> str:
    return request.destination_name if result.succeeded else request.source_name
