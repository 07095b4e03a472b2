# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules that look at the cluster as a whole have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The option C(group)."""

    DOCUMENTATION = r"""
options:
  group:
    description: The inventory group that is the cluster.
    type: str
    default: kvm
"""
