# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts from what other programs write: Ganeti's text files, virsh's output, CSV and benchmark instances."""

from __future__ import annotations
