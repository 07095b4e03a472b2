# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of executions become paths, so there is an allow-list."""

from __future__ import annotations

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._execution.names import (
    NameRejected,
    checked_folder,
    execution_folder,
)


@pytest.mark.parametrize("name", ["tonight", "20261124T091203Z-4711-1f00d2aa", "a.b_c", "7"])
def test_a_plain_name_is_a_folder(name: str) -> None:
    """Also the names that Drover makes."""
    assert execution_folder("/var/lib/drover/executions", name).endswith(f"/executions/{name}")


@pytest.mark.parametrize(
    "name", ["", "..", ".", ".hidden", "../../x/evil", "a/b", "a b", "-rf", "a\n", "é", "x" * 129]
)
def test_any_other_name_is_refused(name: str) -> None:
    """It was joined to the path."""
    with pytest.raises(NameRejected, match="must not be"):
        execution_folder("/var/lib/drover/executions", name)


@pytest.mark.parametrize("folder", ["/e1", "/var/lib/drover/executions/e1", "/srv/x-1/_y/e1"])
def test_a_folder_is_an_absolute_path(folder: str) -> None:
    """Wherever the operator keeps executions."""
    assert checked_folder(folder) == folder


STRANGE = ["e1", "~/e1", "/~x/e1", "/x/$HOME", "/x/../e1", "/x/.y/e1", "/x//e1", "/x/e1/", "/"]


@pytest.mark.parametrize("folder", STRANGE)
def test_what_may_stand_for_another_path_is_refused(folder: str) -> None:
    """A host could read the controller's environment with $NAME."""
    with pytest.raises(NameRejected, match="absolute path"):
        checked_folder(folder)
