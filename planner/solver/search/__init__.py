# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement by construction and local search, for what is too large or too easy for the exact model."""

from __future__ import annotations
