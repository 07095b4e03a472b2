# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that end a module."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import (
    DroverError,
    or_fail,
)


class Ended(Exception):
    """What the double raises in the place of ending the process."""


class Module:
    """Stands in for AnsibleModule, to see how it is ended."""

    def fail_json(self, **result: Any) -> None:
        assert sys.exc_info()[0] is None, "Ansible would add a traceback here"
        raise Ended(result)


def test_a_result_is_handed_over() -> None:
    """Nothing ends a module whose call succeeds."""
    assert or_fail(Module(), lambda: 42) == 42


def test_an_error_ends_the_module_without_a_traceback() -> None:
    """Message, code and remedy become the result."""

    def fail() -> None:
        raise DroverError("It is broken.", "Repair it.")

    with pytest.raises(Ended) as ended:
        or_fail(Module(), fail)
    assert ended.value.args[0] == {
        "msg": "It is broken. Repair it.",
        "error_code": "error",
        "remedy": "Repair it.",
    }
