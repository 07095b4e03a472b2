# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fewest hosts: which are kept, and how the VMs of the others fit into them."""

from __future__ import annotations
