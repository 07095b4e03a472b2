# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules that talk to libvirt on their own host have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The option C(uri) and the requirements."""

    DOCUMENTATION = r"""
requirements:
  - Python 3.9 or later on the host
  - libvirt 8.0 or later
  - the Python bindings of libvirt (C(python3-libvirt)) on the host
options:
  uri:
    description:
      - The libvirt connection of the host on which the module runs.
    type: str
    default: qemu:///system
"""
