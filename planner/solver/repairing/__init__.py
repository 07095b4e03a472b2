# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs move so that rules hold again and no host is over its limits."""

from __future__ import annotations
