# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for hosts that fail: kept by search, by cuts or by the exact model."""

from __future__ import annotations
