# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Even hosts: who should leave, where to, and when it is enough."""

from __future__ import annotations
