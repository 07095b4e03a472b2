# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in a VM's definition go with the VM, and are never shown or written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import libvirt
import pytest

from tests.lab.guests import IMAGES, TinyGuest
from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab

PASSWORD = "vnc-pw-7"
TOKEN = "token-in-the-metadata-7"
_GRAPHICS = f"<graphics type='vnc' port='-1' autoport='yes' passwd='{PASSWORD}'/></devices>"
_METADATA = f"<app:app xmlns:app='https://example.org/app'><app:token>{TOKEN}</app:token></app:app>"


@dataclass(frozen=True)
class SecretGuest(TinyGuest):
    """A tiny guest with a VNC password and a token of some application in its definition."""

    def xml(self) -> str:
        """Return the definition."""
        xml = super().xml().replace("</devices>", _GRAPHICS)
        return xml.replace("<memory ", f"<metadata>{_METADATA}</metadata><memory ", 1)


def _password_on(lab: Lab, host: str) -> bool:
    domain = lab.hosts[host].connection().lookupByName("vm1")
    return PASSWORD in domain.XMLDesc(
        libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE
    )


def _written(lab: Lab) -> str:
    """Return all that Drover and Ansible have written down on the hosts."""
    texts = []
    for host in lab.hosts.values():
        find = "find /var/lib/drover /root/.ansible /root/.ansible_async -type f -exec cat {} +"
        texts.append(host.run(["sh", "-c", find], check=False).stdout)
    return "\n".join(texts)


def test_a_vm_takes_its_secrets_along_and_nobody_sees_them(lab: Lab, tmp_path: Path) -> None:
    """Neither the most verbose output nor facts, plan, marks or journal hold them, whether the VM is
    evacuated live or moved through a saved image; on the destination it still has them."""
    lab.start(SecretGuest("vm1"), "kvm2")
    facts = tmp_path / "facts.json"
    runs = [
        ("drover.libvirt.status", "-e", f"drover_facts_file={facts}"),
        ("drover.libvirt.evacuate", "-e", "drover_hosts=kvm2"),
    ]
    outputs = []
    for playbook, *arguments in runs:
        run = run_playbook(lab, playbook, *arguments, "-vvv")
        assert run.code == 0, run.output
        outputs.append(run.output)
    [place] = lab.where("vm1")
    assert _password_on(lab, place.host)
    outputs.append(_move_quickly(lab, place.host, "kvm2", tmp_path))
    assert _password_on(lab, "kvm2")
    for text in (*outputs, facts.read_text(), _written(lab)):
        assert PASSWORD not in text
        assert TOKEN not in text
    assert "vm1" in _written(lab)
    lab.check_ran_once("vm1")
    for host in lab.hosts.values():
        host.run(["rm", "-rf", "/var/lib/drover"])


def _move_quickly(lab: Lab, source: str, destination: str, directory: Path) -> str:
    """Move the VM through a saved image by a playbook of its own; return what it printed."""
    playbook = directory / "quick.yml"
    playbook.write_text(
        f"""\
- hosts: {source}
  gather_facts: false
  tasks:
    - drover.libvirt.vm_migrate:
        name: vm1
        mode: quick
        save_directory: {IMAGES}
        source: {source}
        destination: {destination}
        destination_uri: qemu+ssh://root@{destination}/system
"""
    )
    run = run_playbook(lab, str(playbook), "-vvv")
    assert run.code == 0, run.output
    return run.output
