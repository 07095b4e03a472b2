# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module options that describe how to migrate (the doc fragment C(migration) documents them).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import fields

from .._errors import DroverError
from .options import COMPRESSIONS, HANDOVERS, MODES_OF_PLANS, POST_COPY, MigrationOptions


class InvalidOption(DroverError):
    """An option of a migration is outside its range."""

    code = "invalid_option"


def migration_argument_spec() -> dict[str, t.Any]:
    """Return the options' argument specification, with the defaults of C(MigrationOptions)."""
    default = MigrationOptions()
    return {
        "mode": {"type": "str", "choices": list(MODES_OF_PLANS), "default": default.mode},
        "save_directory": {"type": "path"},
        "handover": {"type": "str", "choices": list(HANDOVERS), "default": default.handover},
        "max_downtime_ms": {"type": "int", "default": default.max_downtime_ms},
        "downtime_steps": {"type": "int", "default": default.downtime_steps},
        "bandwidth_mib_s": {"type": "int"},
        "auto_converge": {"type": "bool", "default": default.auto_converge},
        "post_copy": {"type": "str", "choices": list(POST_COPY), "default": default.post_copy},
        "parallel_connections": {"type": "int"},
        "compression": {
            "type": "str",
            "choices": list(COMPRESSIONS),
            "default": default.compression,
        },
        "tls": {"type": "bool", "default": default.tls},
        "timeout_s_per_gib": {"type": "float", "default": default.timeout_s_per_gib},
        "timeout_min_s": {"type": "float", "default": default.timeout_min_s},
        "stall_window_s": {"type": "float", "default": default.stall_window_s},
        "stall_margin": {"type": "float", "default": default.stall_margin},
        "no_progress_timeout_s": {"type": "float", "default": default.no_progress_timeout_s},
        "abort_timeout_s": {"type": "float", "default": default.abort_timeout_s},
        "settle_timeout_s": {"type": "float", "default": default.settle_timeout_s},
        "announce": {"type": "bool", "default": default.announce},
        "unsafe": {"type": "bool", "default": default.unsafe},
    }


def read_options(parameters: t.Mapping[str, t.Any]) -> MigrationOptions:
    """Return the options that a module was given; what it does not offer keeps its default.

    Raises
    ------
    InvalidOption
        A value is outside its range.
    """
    names = {field.name for field in fields(MigrationOptions)}
    given = {name: _frozen(value) for name, value in parameters.items() if name in names}
    try:
        # None is what Ansible passes for an option that was not given.
        return MigrationOptions(
            **{name: value for name, value in given.items() if value is not None}
        )
    except ValueError as error:
        raise InvalidOption("The migration's options do not fit: {}".format(error)) from error


def _frozen(value: t.Any) -> t.Any:
    """Return a list as a tuple: options are values."""
    return tuple(value) if isinstance(value, list) else value
