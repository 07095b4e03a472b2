# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""BMCs that speak Redfish: the service of sushy-tools, with a driver that switches the lab's hosts.

One process serves all BMCs, each at an address of its own that shows one system and its chassis. sushy-tools has no
endpoint for power consumption; the one here is of the lab's own.
"""

from __future__ import annotations

import json
import ssl
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import flask
from sushy_tools.emulator import main as sushy
from sushy_tools.emulator.resources import chassis as sushy_chassis
from sushy_tools.emulator.resources.systems import fakedriver
from werkzeug.serving import make_server

PORT = 443
_ON_W, _OFF_W = 120.0, 9.0
_CHEAP = 4


@dataclass(frozen=True)
class System:
    """One host behind its BMC.

    Parameters
    ----------
    name, identity
        Of the host, and its UUID.
    is_on, switch
        Tells whether it has power; does "on", "off" or "soft" in the background.
    """

    name: str
    identity: str
    is_on: Callable[[], bool]
    switch: Callable[[str], None]

    @property
    def chassis(self) -> str:
        """The UUID of its chassis."""
        return str(uuid.uuid5(uuid.UUID(self.identity), "chassis"))


def serve(
    directory: Path, systems: Mapping[str, System], certificate: Path, user: str, password: str
) -> None:
    """Serve the systems, each at the address that is its key; returns at once."""
    app = sushy.app
    secrets = directory / "htpasswd"
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(_CHEAP))
    secrets.write_text(f"{user}:{hashed.decode()}\n")
    settings = _settings(systems) | {
        "SUSHY_EMULATOR_AUTH_FILE": str(secrets),
        "SUSHY_EMULATOR_STATE_DIR": str(directory),
    }
    app.configure(extra_config=settings)
    driver, chassis = _Driver.initialize(app.config, app.logger)(), None
    driver.lab = systems
    chassis = _Chassis(app.config, app.logger)
    chassis.lab = systems
    sushy.Application.systems = property(lambda _app: driver)
    sushy.Application.chassis = property(lambda _app: chassis)
    _add_consumption(app, systems)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    for address in systems:
        server = make_server(address, PORT, app, threaded=True, ssl_context=context)
        threading.Thread(target=server.serve_forever, daemon=True).start()


def _settings(systems: Mapping[str, System]) -> dict[str, Any]:
    fakes = [
        {"uuid": system.identity, "name": system.name, "power_state": "On", "nics": []}
        for system in systems.values()
    ]
    chassis = [
        {"Id": f"{system.name}-chassis", "Name": f"{system.name}-chassis", "UUID": system.chassis}
        for system in systems.values()
    ]
    return {
        "SUSHY_EMULATOR_FAKE_DRIVER": True,
        "SUSHY_EMULATOR_FAKE_SYSTEMS": fakes,
        "SUSHY_EMULATOR_CHASSIS": chassis,
    }


def _asked(systems: Mapping[str, System]) -> System:
    """Return the system of the BMC that the request came to."""
    return systems[flask.request.host.partition(":")[0]]


class _Driver(fakedriver.FakeDriver):  # type: ignore[misc]
    """Systems whose power is that of the lab's hosts."""

    lab: Mapping[str, System]

    @property
    def systems(self) -> list[str]:
        return [_asked(self.lab).identity]

    def get_power_state(self, identity: str) -> str:
        self._get(identity)
        return "On" if _asked(self.lab).is_on() else "Off"

    def set_power_state(self, identity: str, state: str) -> None:
        self._get(identity)
        verbs = {"On": "on", "ForceOn": "on", "ForceOff": "off", "GracefulShutdown": "soft"}
        _asked(self.lab).switch(verbs[state])


class _Chassis(sushy_chassis.StaticDriver):  # type: ignore[misc]
    """The chassis of the one system that a BMC shows."""

    lab: Mapping[str, System]

    @property
    def chassis(self) -> list[str]:
        return [_asked(self.lab).chassis]

    def _get_chassis(self, identity: str) -> dict[str, str]:
        return dict(self._chassis_by_uuid[identity])


def _add_consumption(app: flask.Flask, systems: Mapping[str, System]) -> None:
    @app.route("/redfish/v1/Chassis/<identity>/Power")
    def power(identity: str) -> dict[str, Any]:
        watts = _ON_W if _asked(systems).is_on() else _OFF_W
        return {
            "@odata.id": f"/redfish/v1/Chassis/{identity}/Power",
            "PowerControl": [{"MemberId": "0", "PowerConsumedWatts": watts}],
        }

    @app.after_request
    def link(response: flask.Response) -> flask.Response:
        if flask.request.endpoint == "chassis_resource":
            shown = json.loads(response.get_data())
            shown["Power"] = {"@odata.id": f"{flask.request.path}/Power"}
            response.set_data(json.dumps(shown))
        return response
