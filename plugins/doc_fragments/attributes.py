# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes that every module of this collection answers for."""

from __future__ import annotations


class ModuleDocFragment:
    """Descriptions of the attributes; each module states its own support."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would change, without changing anything.
  diff_mode:
    description: Returns what changed (or, in check mode, would change) when run with C(--diff).
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
"""

    # For modules that only read.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module never changes anything.
  diff_mode:
    support: N/A
    details:
      - This module never changes anything.
  idempotent:
    support: full
    details:
      - This module never changes anything.
"""

    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/drover.libvirt.all) in C(module_defaults) to set options for all modules of this
      collection.
    support: full
    membership:
      - drover.libvirt.all
"""
