# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the one who follows an execution wants it to stop."""

from __future__ import annotations

import os
import signal

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._following import graceful_stop


def test_a_signal_wants_the_execution_to_stop() -> None:
    """The first one; the process goes on."""
    with graceful_stop() as wanted:
        assert not wanted()
        os.kill(os.getpid(), signal.SIGINT)
        assert wanted()


def test_a_playbook_that_was_killed_wants_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker goes on living, as a child of another process."""
    with graceful_stop() as wanted:
        assert not wanted()
        monkeypatch.setattr(os, "getppid", lambda: 1)
        assert wanted()
