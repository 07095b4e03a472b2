# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people read: text, differences and explanations of a plan document."""

from __future__ import annotations
