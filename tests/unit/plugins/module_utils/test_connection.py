# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How libvirt is reached."""

from __future__ import annotations

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.connection import (
    open_connection,
)


def test_a_uri_with_a_password_is_refused_and_not_repeated() -> None:
    """libvirt ignores it, and messages and journals would show it."""
    with pytest.raises(ConnectionFailed, match="kvm2 holds a password") as refusal:
        open_connection("qemu+tcp://ann:geheim@kvm2/system")
    assert "geheim" not in str(refusal.value)
