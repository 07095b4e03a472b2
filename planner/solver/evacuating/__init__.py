# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evacuation: by spreading, by packing with ejections, by a model of a few hosts, or by the exact model."""

from __future__ import annotations
