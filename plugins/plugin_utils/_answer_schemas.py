# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules answer, as JSON Schemas: as much of it as somebody on the controller reads.

The facts of hosts and VMs have a published schema of their own.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from ..module_utils._execution.events import OUTCOMES
from ..module_utils._execution.names import FOLDER, NAME
from ..module_utils._facts.power_marks import STATES

Schema = dict[str, t.Any]

# The end of the calendar, in seconds since the epoch.
_LAST_S = 253402300799

TEXT: Schema = {"type": "string", "maxLength": 65536}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 1024}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_SECONDS: Schema = {"type": "number", "minimum": 0, "maximum": _LAST_S}
_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 10**9}
_AMOUNT: Schema = {"type": "number", "minimum": 0, "maximum": 1e15}
_FLAG: Schema = {"type": "boolean"}
_EXECUTION: Schema = {
    "type": "string",
    "pattern": f"^{NAME}\\Z",
    "description": "it must be the name of an execution (letters, digits, dots, underscores and hyphens).",
}
_FOLDER: Schema = {
    "type": "string",
    "pattern": f"^{FOLDER}\\Z",
    "description": "it must be the absolute path of an execution's folder.",
}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(required: t.Mapping[str, Schema], **optional: Schema) -> Schema:
    """Return a mapping that has all of some keys, may have others, and more that nobody reads."""
    return {
        "type": "object",
        "required": [*required],
        "properties": {**required, **optional},
    }


_MIGRATION = _object(
    {
        "domain": _NAME,
        "source": _NAME,
        "destination": _NAME,
        "percent": _or_null({"type": "number"}),
        "uuid": TEXT,
        "unknown": _FLAG,
        "reason": TEXT,
        "uncleaned": TEXT,
    }
)
_RECORD = _object(
    {
        "execution": _EXECUTION,
        "folder": _FOLDER,
        "state": {"enum": ["running", "ended", "unfinished"]},
        "finished": _FLAG,
        "owner": TEXT,
        "purpose": TEXT,
        "since_s": _SECONDS,
        "age_s": _SECONDS,
        "steps": _COUNT,
        "moved": _COUNT,
        "under_way": _list(_MIGRATION),
        "unsettled": _list(_MIGRATION),
    },
    quarantined=_list(_MIGRATION),
)
_LOCK = _object(
    {
        "execution": _EXECUTION,
        "coordinator": _NAME,
        "owner": TEXT,
        "purpose": TEXT,
        "since_s": _SECONDS,
        "holds_s": _SECONDS,
        "age_s": _SECONDS,
    }
)
_CHECK = _object(
    {
        "id": _NAME,
        "severity": _NAME,
        "passed": _FLAG,
        "evidence": TEXT,
        "remedy": TEXT,
        "subject": _object(
            {"host": _NAME, "peer": _or_null(_NAME), "domain": _or_null(_NAME)},
        ),
    }
)
_POWER_MARK = _object(
    {"state": {"enum": [*STATES]}, "at": _MOMENT, "since": _MOMENT},
    by=TEXT,
    reason=TEXT,
    boot_id=_or_null(TEXT),
    facts=_or_null({"type": "object"}),
    wake=_or_null({"type": "object"}),
    proven=_or_null({"type": "object"}),
    doubtful=_or_null(_object({"since": TEXT, "reason": TEXT})),
    times_off=_COUNT,
    off_s=_SECONDS,
)
_LOOK = _object(
    {"at": _MOMENT, "memory_mib": _AMOUNT, "vcpus": _AMOUNT, "cpu_usage": _AMOUNT},
    largest_mib=_AMOUNT,
)
_ROLLING_RECORD = _object(
    {
        "number": _COUNT,
        "run": _NAME,
        "by": TEXT,
        "since": _MOMENT,
        "process": _list(TEXT),
        "running": _FLAG,
        "tasks": TEXT,
        "hosts": _list(_NAME),
        "batch": _list(_NAME),
        "maintained": _list(_NAME),
        "finished": _FLAG,
    }
)
# Beside what the facts ask for.
_VM = _object({"uuid": _NAME, "state": _NAME}, state_reason=_or_null(_NAME), handover_mark=_FLAG)
_NUMBER_OR_NULL = _or_null(_AMOUNT)
_OUTCOME = _object(
    {
        "id": _NAME,
        "domain": _NAME,
        "source": _NAME,
        "destination": _NAME,
        "outcome": {"enum": [*OUTCOMES]},
        "reason": TEXT,
    },
    duration_s=_NUMBER_OR_NULL,
    downtime_ms=_NUMBER_OR_NULL,
    memory_processed_mib=_NUMBER_OR_NULL,
    iterations=_or_null(_COUNT),
    warnings=_list(TEXT),
    leftovers=_list(TEXT),
)

_SEEN_VM: Schema = {
    "type": "object",
    "properties": {"name": _NAME, "uuid": _NAME, "active": _FLAG, "state": _NAME},
    "required": ["name", "uuid", "active", "state"],
    "additionalProperties": False,
}

# By module. The first required key is what an answer has only when the module succeeded.
ANSWERS: dict[str, Schema] = {
    "execution_info": _object({"executions": _list(_RECORD), "lock": _or_null(_LOCK)}),
    "execution_settle": _object({"outcomes": _list(_OUTCOME)}, unsolved=_list(TEXT)),
    "host_info": _object({"host": {"type": "object"}, "domains": _list(_VM)}),
    "plan_apply": _object(
        {
            "outcomes": _list(_OUTCOME),
            "moved": _list(_NAME),
            "duration_s": _SECONDS,
            "seen": {"type": "object", "additionalProperties": _or_null(_list(_SEEN_VM))},
        }
    ),
    "power_guard_info": _object(
        {
            "serves": _list(TEXT),
            "waits": _list(TEXT),
            "off_vms": _list(_object({"name": _NAME, "uuid": _NAME})),
        }
    ),
    "power_look": _object({"looks": _list(_LOOK)}),
    "power_mark_facts": _object({"marks": {"type": "object", "additionalProperties": _POWER_MARK}}),
    "power_mark_info": _object(
        {"marks": {"type": "object", "additionalProperties": _POWER_MARK}},
        boot_id=_or_null(TEXT),
        shutting_down=_FLAG,
        clock_epoch_s=_SECONDS,
    ),
    "preflight_info": _object({"checks": _list(_CHECK), "domains": _list(_NAME)}),
    "preflight_listener": _object(
        {"ports": _list({"type": "integer", "minimum": 1, "maximum": 65535})}
    ),
    "rolling_record": _object({"record": _or_null(_ROLLING_RECORD)}),
}
