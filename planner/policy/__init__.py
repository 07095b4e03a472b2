# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold: one file per policy, each the oracle of its own meaning."""

from __future__ import annotations
