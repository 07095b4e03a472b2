# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there on a host, what is not, and what libvirt cannot say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import presence
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.presence import Presence

Failing = Callable[[str], Exception]


class Found:
    """Something that is there."""

    def __init__(self, active: bool = True) -> None:
        self._active = active

    def isActive(self) -> bool:  # noqa: N802 as libvirt calls it
        """Whether it is up."""
        return self._active

    def refresh(self) -> None:
        """Look again."""


class Host:
    """A host that answers each question as the script has it; an error is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(*_asked: Any) -> Any:
            self.asked.append(name)
            said = self._answers.pop(0)
            if isinstance(said, Exception):
                raise said
            return said

        return answer


LOOKS = [
    (presence.network_presence, "VIR_ERR_NO_NETWORK"),
    (presence.interface_presence, "VIR_ERR_NO_INTERFACE"),
]


@pytest.mark.parametrize(("look", "absent"), LOOKS)
def test_what_a_vm_is_plugged_into_is_up_down_absent_or_untold(
    look: Callable[[Any, str], Presence], absent: str, failing: Failing
) -> None:
    """A host without a driver for it says nothing of it."""
    assert look(Host(Found()), "lan") is Presence.ACTIVE
    assert look(Host(Found(active=False)), "lan") is Presence.INACTIVE
    assert look(Host(failing(absent)), "lan") is Presence.ABSENT
    assert look(Host(failing("VIR_ERR_NO_SUPPORT")), "lan") is Presence.UNTOLD


@pytest.mark.parametrize(
    ("uuid", "call"),
    [("s1", "secretLookupByUUIDString"), (None, "secretLookupByUsage")],
)
def test_a_secret_is_looked_up_as_the_vm_names_it(
    failing: Failing, uuid: str | None, call: str
) -> None:
    """By its UUID, or by what it is for."""
    for answer, expected in (
        (Found(), Presence.ACTIVE),
        (failing("VIR_ERR_NO_SECRET"), Presence.ABSENT),
        (failing("VIR_ERR_NO_SUPPORT"), Presence.UNTOLD),
    ):
        host = Host(answer)
        assert presence.secret_presence(host, uuid, "ceph", "rbd") is expected
        assert host.asked == [call]


def test_an_image_that_a_pool_knows_is_there(failing: Failing) -> None:
    """At the second look, too: the pool may have been read before it was made."""
    assert presence.volume_presence(Host(Found()), "/images/a.raw") is Presence.ACTIVE
    absent = failing("VIR_ERR_NO_STORAGE_VOL")
    late = Host(absent, Found(), Found())
    assert presence.volume_presence(late, "/images/a.raw") is Presence.ACTIVE
    assert late.asked[1] == "storagePoolLookupByTargetPath"


def test_an_image_is_absent_only_where_a_pool_covers_its_directory(failing: Failing) -> None:
    """Elsewhere libvirt cannot say."""
    absent = failing("VIR_ERR_NO_STORAGE_VOL")
    no_pool = failing("VIR_ERR_NO_STORAGE_POOL")
    look = presence.volume_presence
    assert look(Host(absent, Found(), absent), "/images/a.raw") is Presence.ABSENT
    assert look(Host(absent, no_pool), "/images/a.raw") is Presence.UNTOLD
    broken = failing("VIR_ERR_INTERNAL_ERROR")
    assert look(Host(absent, Found(), broken), "/images/a.raw") is Presence.UNTOLD


def test_the_test_driver_has_its_network(host: Any) -> None:
    """Real libvirt answers in the same words."""
    assert presence.network_presence(host, "lan") in (Presence.ACTIVE, Presence.INACTIVE)
    assert presence.network_presence(host, "wan") is Presence.ABSENT
