# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes from outside, changed at random: it ends in a result or in one of our own sentences."""
