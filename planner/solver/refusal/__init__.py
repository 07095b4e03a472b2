# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why there is no placement, and what would help."""

from __future__ import annotations
