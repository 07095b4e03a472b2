# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in the lab itself."""

from __future__ import annotations


class LabError(RuntimeError):
    """The lab could not do what was asked; the message says what, where and the remedy."""


class ContinuityError(LabError):
    """A guest did not run exactly once: it restarted, or ran on two hosts at a time."""
