# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about clusters that are not: more VMs, fewer hosts, failures, and the room that is left."""

from __future__ import annotations
