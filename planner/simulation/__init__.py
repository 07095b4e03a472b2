# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Days of load played through the planner and the decisions of power saving: what a policy would do, and would save."""

from __future__ import annotations
