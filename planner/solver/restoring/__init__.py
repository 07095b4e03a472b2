# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing VMs back after maintenance."""

from __future__ import annotations
