# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clusters: each is planned on its own, wherever an executor runs it."""

from __future__ import annotations
