# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON Schemas (draft 7) of the documents: facts, policy, goal and plan."""

from __future__ import annotations
