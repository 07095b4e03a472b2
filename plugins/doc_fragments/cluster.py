# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules that look at the cluster as a whole have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The options C(group) and C(registered)."""

    DOCUMENTATION = r"""
options:
  group:
    description: The inventory group that is the cluster.
    type: str
    default: kvm
  registered:
    description:
      - The variables in which each host of O(group) registered what modules answered there, by the name of the module, for instance
        C(gather_host_info) for C(host_info). No other variable of a role is read.
      - Of the modules C(host_info), C(preflight_info), C(preflight_listener), C(power_mark_info), C(power_guard_info), C(power_look),
        C(execution_info) and C(rolling_record).
        C(power_mark_facts) stands for M(drover.libvirt.power_mark_info) with O(drover.libvirt.power_mark_info#module:facts_of).
    type: dict
    default: {}
"""
