# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of libvirt's own test driver, which runs in the process that connects to it."""

from __future__ import annotations

UUID = "0c9ba2b7-96a7-4b5c-9b22-3a1f3f0d1d1f"
NODE = f"""\
<node>
  <cpu><mhz>2000</mhz><model>i686</model><active>4</active><nodes>1</nodes><sockets>1</sockets>
    <cores>4</cores><threads>1</threads></cpu>
  <memory>8192000</memory>
  <domain type='test'>
    <name>vm1</name><uuid>{UUID}</uuid><memory>65536</memory><vcpu>1</vcpu>
    <os><type arch='i686'>hvm</type></os>
  </domain>
  <network>
    <name>lan</name><bridge name='virbr0'/><ip address='10.0.0.1' netmask='255.255.255.0'/>
  </network>
  <pool type='dir'><name>images</name><target><path>/images</path></target></pool>
</node>
"""
