# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order: migrations, their times, and a plan."""

from __future__ import annotations
