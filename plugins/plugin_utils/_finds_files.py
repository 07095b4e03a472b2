# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions whose options may name a file on the controller.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase


class FindsFiles(ActionBase):
    """Looks files up where Ansible's own actions do: beside the playbook and in its role."""

    def _find(self, path: str) -> str:
        """Return the path to open; one that is not found as it is, so that the error names it."""
        try:
            return str(self._find_needle("files", path))
        except AnsibleError:
            return path
