# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What monitoring knows of hosts and VMs: what is asked, and what becomes of the answers."""
