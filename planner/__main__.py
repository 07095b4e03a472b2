# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m planner``: the command ``drover``."""

from __future__ import annotations

import sys

from .commands.drover import main

if __name__ == "__main__":
    sys.exit(main())
