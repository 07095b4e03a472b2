# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of migration_options, which has no other side."""

from __future__ import annotations

import typing as t

from ..module_utils._request.argspec import InvalidOption
from ..plugin_utils._answers import Answers
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._migration_options import check_migration_options


class ActionModule(ControllerAction):
    """Checks on the controller; nothing is changed anywhere."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {"migration": {"type": "dict", "default": {}}}
    REFUSALS = (InvalidOption,)

    def _result(self, options: dict[str, t.Any], _answers: Answers) -> dict[str, t.Any]:
        return {"migration": check_migration_options(options["migration"])}
