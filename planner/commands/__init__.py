# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: the only room that reads and writes files, and the one that looks at a clock."""

from __future__ import annotations
