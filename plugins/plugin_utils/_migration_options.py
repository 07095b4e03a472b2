# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks on the controller how VMs are to be migrated, before anything is locked, marked or moved.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import difflib
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._request.argspec import InvalidOption, migration_argument_spec, read_options


def check_migration_options(given: t.Any) -> dict[str, t.Any]:
    """Return the options of a migration in their types, with the defaults of those not given.

    Parameters
    ----------
    given : dict or None
        What the operator wrote, names and values as in the documentation of C(vm_migrate).

    Raises
    ------
    InvalidOption
        One sentence: which name does not exist, or which value does not fit.
    """
    if not isinstance(given or {}, dict):
        raise InvalidOption(f"The options of a migration must be a mapping, not {given!r}.")
    spec = migration_argument_spec()
    unknown = sorted(set(given or {}) - set(spec))
    if unknown:
        raise InvalidOption(_unknown(unknown[0], spec))
    checked = ArgumentSpecValidator(spec).validate(given or {})
    if checked.error_messages:
        raise InvalidOption(f"The migration's options do not fit: {checked.error_messages[0]}.")
    options: dict[str, t.Any] = checked.validated_parameters
    read_options(options)
    return options


def _unknown(name: str, spec: t.Iterable[str]) -> str:
    close = difflib.get_close_matches(name, spec, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(spec))}."
    return f"A migration has no option {name}; {hint}"
