# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact model: whole moves as integer variables, solved through PuLP."""

from __future__ import annotations
