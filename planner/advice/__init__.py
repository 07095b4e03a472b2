# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a plan: explanations, warnings, what was left out, and what fewer migrations would do."""

from __future__ import annotations
