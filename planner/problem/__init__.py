# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of the solver: what is, what must hold, what we want; and what follows from that, by question."""

from __future__ import annotations
