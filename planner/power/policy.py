# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When hosts are put to sleep and woken, as the policy says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..documents import validate
from ..errors import InputError
from ..policy.windows import Window, parse_windows

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Night:
    """The windows in which hosts sleep.

    Attributes
    ----------
    off_at_once
        Hosts that one run puts to sleep at most; ``None`` is as many as can.
    sleep_below
        As of `PowerPolicy`, in the night; ``None`` is the same.
    ready_s
        How long before the end of a window the hosts are ready, beside their time to boot.
    """

    windows: tuple[Window, ...]
    off_at_once: int | None = None
    sleep_below: float | None = None
    ready_s: float = 900.0


@dataclass(frozen=True, kw_only=True)
class PowerPolicy:
    """When hosts are put to sleep (slowly) and woken (fast).

    Attributes
    ----------
    wake_above, sleep_below
        Shares of the busy CPU that hosts may give out: of those that are on, and of those that would stay on.
    wake_evidence_s, sleep_evidence_s
        Over how long the load is averaged before waking, and must have been low before sleeping.
    min_on_s, min_off_s
        How long a host stays on, and asleep, at least.
    min_on
        Hosts that stay on.
    off_at_once
        Hosts that one run puts to sleep at most.
    failure_domain
        The label of hosts that tells their failure domain, one host of which stays on.
    stagger_s, force_off, leave_off_vms, services
        How hosts are switched; nothing is decided by them.
    """

    wake_above: float = 0.81
    sleep_below: float = 0.45
    wake_evidence_s: float = 300.0
    sleep_evidence_s: float = 2400.0
    min_on_s: float = 3600.0
    min_off_s: float = 1200.0
    min_on: int = 1
    off_at_once: int = 1
    failure_domain: str | None = "rack"
    stagger_s: float = 10.0
    force_off: bool = False
    leave_off_vms: bool = False
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    night: Night | None = None

    @property
    def woken_to(self) -> float:
        """The share that the hosts are filled to after waking: halfway, so that nothing is due soon."""
        return (self.wake_above + self.sleep_below) / 2


PRESETS = {
    1: PowerPolicy(wake_above=0.70, sleep_below=0.30, sleep_evidence_s=7200, min_on_s=14400),
    2: PowerPolicy(wake_above=0.75, sleep_below=0.38, sleep_evidence_s=3600, min_on_s=7200),
    3: PowerPolicy(),
    4: PowerPolicy(wake_above=0.85, sleep_below=0.55, sleep_evidence_s=1200, min_on_s=1800),
    5: PowerPolicy(wake_above=0.90, sleep_below=0.65, sleep_evidence_s=600, min_on_s=900),
}
"""From "keep hosts on when in doubt" to "put them to sleep early"; 3 is what vSphere DPM does by default."""


def parse_power(document: JsonObject | None) -> PowerPolicy:
    """Read the section ``power`` of a policy document.

    Raises
    ------
    InputError
        The document breaks its schema, or hosts would go to sleep and be woken in turn.
    """
    document = {} if document is None else document
    validate("policy", document)
    given = dict(document.get("power", {}))
    preset = PRESETS[given.pop("preset", 3)]
    night = given.pop("night", None)
    policy = replace(preset, **given, night=_night(night) if night else None)
    for below in (policy.sleep_below, policy.night.sleep_below if policy.night else None):
        if below is not None and below >= policy.wake_above:
            raise InputError(
                f"sleep_below ({below:g}) must be less than wake_above ({policy.wake_above:g}), or hosts "
                "would go to sleep and be woken in turn.",
                path="policy.power",
            )
    return policy


def _night(entry: JsonObject) -> Night:
    windows = parse_windows(entry["windows"], "policy.power.night.windows")
    return Night(**{**entry, "windows": windows})
