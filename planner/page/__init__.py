# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans, what became of them, and clusters as one HTML file each: values in, text out."""

from __future__ import annotations
