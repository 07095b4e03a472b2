# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A BMC that speaks IPMI: OpenIPMI's simulator, one process a host."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.command import CLEAN_ENVIRONMENT

PORT = 623
_CHASSIS = Path(__file__).with_name("chassis.py")
_AUTHENTICATION = ("callback", "user", "operator", "admin")
_DEVICES = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
mc_enable 0x20
"""


@dataclass(frozen=True)
class Login:
    """Where a BMC is, and with what it may be told to switch its host."""

    address: str
    user: str
    password: str


def start(directory: Path, supply: Path, host: str, login: Login) -> subprocess.Popen[bytes]:
    """Start the BMC of a host.

    Parameters
    ----------
    directory
        For what the simulator keeps.
    supply
        The socket of what switches the host.
    host
        Name of the host.
    login
        What it answers to.
    """
    directory.mkdir(parents=True)
    lan, devices = directory / "lan.conf", directory / "devices.emu"
    lan.write_text(_lan(supply, host, login))
    lan.chmod(0o600)
    devices.write_text(_DEVICES)
    with (directory / "output").open("wb") as output:
        return subprocess.Popen(
            ["ipmi_sim", "-c", str(lan), "-f", str(devices), "-s", str(directory), "-n"],
            env=CLEAN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _lan(supply: Path, host: str, login: Login) -> str:
    kinds = (f"    allowed_auths_{kind} none md2 md5 straight" for kind in _AUTHENTICATION)
    allowed = "\n".join(kinds)
    return f"""\
name "{host}"
set_working_mc 0x20
  startlan 1
    addr {login.address} {PORT}
    priv_limit admin
{allowed}
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "/usr/bin/python3 -IS {_CHASSIS} {supply} {host}"
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "{login.user}" "{login.password}" admin 10 none md2 md5 straight
"""
