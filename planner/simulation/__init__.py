# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of load, step by step, through the planner: what a policy would do, and what it would save."""

from __future__ import annotations
