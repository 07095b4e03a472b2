# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of migration_options, which has no other side."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._migration.argspec import InvalidOption
from ..plugin_utils._migration_options import check_migration_options


class ActionModule(ActionBase):
    """Checks on the controller; nothing is changed anywhere."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars or {})
        _validation, options = self.validate_argument_spec(
            argument_spec={"migration": {"type": "dict", "default": {}}}
        )
        try:
            checked = check_migration_options(options["migration"])
        except InvalidOption as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": False, "migration": checked}
