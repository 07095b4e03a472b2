# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that are given up."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._patience import PatientCall


def test_a_call_that_returns_is_waited_for() -> None:
    """Its result is handed over."""
    assert PatientCall(lambda: 42).result_or(10, 0) == 42


def test_a_call_that_does_not_return_is_given_up() -> None:
    """The other result takes its place, and the call goes on in the background."""
    gate = threading.Event()
    pending = PatientCall(gate.wait)
    assert pending.result_or(0.01, False) is False
    assert not pending.done
    gate.set()


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    """It is not lost in the background."""

    def fail() -> int:
        raise KeyError("x")

    with pytest.raises(KeyError):
        PatientCall(fail).result_or(10, 0)
