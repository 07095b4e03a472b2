# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drover's planner: facts, a policy and a goal in; a verified migration plan out.

Pure: no Ansible, no libvirt, no clock, no environment; only the commands read and write files.
"""

from __future__ import annotations

__version__ = "1.0.0"
