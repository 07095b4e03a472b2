# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts from the output of a few ``virsh`` commands, for a first look at a cluster without Ansible."""

from __future__ import annotations
