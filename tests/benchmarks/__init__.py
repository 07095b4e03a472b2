# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks: figures about the whole command, and about the peers that are installed. They judge nothing."""

from __future__ import annotations
