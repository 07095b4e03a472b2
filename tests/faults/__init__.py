# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: what a migration does when something goes wrong, row by row."""
