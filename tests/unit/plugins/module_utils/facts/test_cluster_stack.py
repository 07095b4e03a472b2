# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Pacemaker's configuration says about VMs."""

from __future__ import annotations

from ansible_collections.drover.libvirt.plugins.module_utils._facts.cluster_stack import (
    ClusterStack,
    domain_name,
    is_quorate,
    managed_blockers,
    parse_cib,
)

CIB = """
<cib have-quorum="{quorum}" validate-with="pacemaker-3.9">
  <configuration>
    <crm_config>
      <cluster_property_set id="options">
        <nvpair id="o-1" name="maintenance-mode" value="{maintenance}"/>
      </cluster_property_set>
    </crm_config>
    <resources>
      <template id="vm-template" class="ocf" provider="heartbeat" type="VirtualDomain"/>
      <primitive id="vm-web1" class="ocf" provider="heartbeat" type="VirtualDomain">
        <instance_attributes id="a1">
          <nvpair id="a1-1" name="config" value="/etc/Pacemaker/web.xml"/>
        </instance_attributes>
      </primitive>
      <group id="g">
        <primitive id="vm-db1" template="vm-template">
          <instance_attributes id="a2">
            <nvpair id="a2-1" name="config" value="/etc/pacemaker/db1.xml"/>
          </instance_attributes>
        </primitive>
      </group>
      <primitive id="vm-free" class="ocf" provider="heartbeat" type="VirtualDomain">
        <meta_attributes id="m3"><nvpair id="m3-1" name="is-managed" value="false"/></meta_attributes>
        <instance_attributes id="a3">
          <nvpair id="a3-1" name="config" value="/etc/pacemaker/free.xml"/>
        </instance_attributes>
      </primitive>
      <primitive id="address" class="ocf" provider="heartbeat" type="IPaddr2"/>
    </resources>
  </configuration>
</cib>
"""


def cib(quorum: str = "1", maintenance: str = "false") -> str:
    """Return a configuration with three VMs and an address."""
    return CIB.format(quorum=quorum, maintenance=maintenance)


def test_managed_vms_are_known_by_the_name_in_their_definition() -> None:
    """Or by the file's name where it cannot be read; those taken out of its hands are not
    managed."""
    names = {"/etc/Pacemaker/web.xml": "web1"}
    stack = parse_cib(cib(), names.get)
    assert stack.running == "Pacemaker"
    assert stack.quorate is True
    assert stack.managed == {"web1": "vm-web1", "db1": "vm-db1"}


def test_a_cluster_without_quorum_says_so() -> None:
    """The attribute of the whole document tells."""
    assert parse_cib(cib(quorum="0"), lambda _path: None).quorate is False


def test_in_maintenance_mode_nothing_is_managed() -> None:
    """Pacemaker then leaves all resources alone."""
    assert parse_cib(cib(maintenance="true"), lambda _path: None).managed == {}


def test_the_name_in_a_definition() -> None:
    """What is no definition has none."""
    assert domain_name("<domain><name>web1</name></domain>") == "web1"
    assert domain_name("no XML") is None


def test_quorum_of_corosync_alone() -> None:
    """The line is found among others."""
    assert is_quorate("Nodes:  2\nQuorate:          Yes\n") is True
    assert is_quorate("Quorate: No") is False
    assert is_quorate("Cannot initialize QUORUM service") is None


def test_a_vm_that_pacemaker_manages_is_blocked_with_the_way_out() -> None:
    """The remedy names the resource; other VMs are free, and so is a host without Pacemaker."""
    stack = parse_cib(cib(), {"/etc/Pacemaker/web.xml": "web1"}.get)
    (blocker,) = managed_blockers(stack, "web1")
    assert blocker["code"] == "cluster_managed"
    assert "--resource vm-web1 --node" in blocker["remedy"]
    assert managed_blockers(stack, "web2") == []
    assert managed_blockers(ClusterStack(), "web1") == []


def test_a_pacemaker_that_does_not_answer_may_manage_any_vm() -> None:
    """So none is moved behind its back."""
    stack = ClusterStack("Pacemaker", problem="the command cibadmin is missing")
    (blocker,) = managed_blockers(stack, "web1")
    assert "cibadmin is missing" in blocker["message"]
