# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""X.509 certificates with which QEMU encrypts migrations; made and given to hosts when asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.lab.command import run
from tests.lab.host import Host

#: Where libvirt tells QEMU to look for them, unless qemu.conf says otherwise.
DIRECTORY = Path("/etc/pki/qemu")
_REQUEST = ("openssl", "req", "-x509", "-days", "2", "-nodes", "-newkey", "ec")
_CURVE = ("-pkeyopt", "ec_paramgen_curve:P-256")


def install(hosts: Iterable[Host], authority: str = "lab") -> None:
    """Give hosts a certificate each, signed by one authority.

    Two calls make two authorities: hosts trust each other only if they came in one call.
    """
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        _make(made / "ca", f"/CN={authority}", "keyUsage=critical,keyCertSign")
        for host in hosts:
            names = f"DNS:{host.name},IP:{host.migration_address},IP:{host.address}"
            signed = ("-CA", str(made / "ca.pem"), "-CAkey", str(made / "ca.key"))
            extensions = (
                "basicConstraints=critical,CA:FALSE",
                "keyUsage=critical,digitalSignature,keyEncipherment",
                "extendedKeyUsage=serverAuth,clientAuth",
                f"subjectAltName={names}",
            )
            _make(made / host.name, f"/CN={host.name}", *extensions, signed=signed)
            _place(host, made)


def remove(hosts: Iterable[Host]) -> None:
    """Take the certificates away."""
    for host in hosts:
        host.run(["rm", "-rf", str(DIRECTORY)])


def _make(path: Path, subject: str, *extensions: str, signed: tuple[str, ...] = ()) -> None:
    files = ("-keyout", f"{path}.key", "-out", f"{path}.pem")
    added = [word for extension in extensions for word in ("-addext", extension)]
    run([*_REQUEST, *_CURVE, "-subj", subject, *files, *signed, *added])


def _place(host: Host, made: Path) -> None:
    host.run(["mkdir", "-p", str(DIRECTORY)])
    files = {"ca-cert.pem": "ca.pem"}
    for role in ("server", "client"):
        files |= {f"{role}-cert.pem": f"{host.name}.pem", f"{role}-key.pem": f"{host.name}.key"}
    for name, source in files.items():
        host.path(DIRECTORY / name).write_bytes((made / source).read_bytes())
