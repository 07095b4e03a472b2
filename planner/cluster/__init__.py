# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is: hosts, domains and who runs where."""

from __future__ import annotations
