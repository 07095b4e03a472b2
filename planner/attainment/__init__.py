# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what was asked for holds, when all migrations have ended."""

from __future__ import annotations
