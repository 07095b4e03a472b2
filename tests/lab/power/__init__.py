# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to switch the lab's hosts from outside: BMCs that speak IPMI or Redfish, and Wake-on-LAN.

:class:`tests.lab.power.lab_power.LabPower` is the API. One process, ``supply``, switches the hosts and answers
for all BMCs; nothing of it runs unless a test asks for it.
"""
