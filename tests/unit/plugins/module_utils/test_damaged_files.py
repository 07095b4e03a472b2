# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file that a host keeps of Drover, damaged in every way, has an answer: a value that is careful, or one sentence
that names the file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import DroverError
from ansible_collections.drover.libvirt.plugins.module_utils._execution.cluster_lock import (
    read_lock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.controls import (
    AlreadyRunning,
    ExecutionLock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    read_execution,
    read_plan,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.history import History
from ansible_collections.drover.libvirt.plugins.module_utils._facts.power_marks import (
    parse_power_mark,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.history_file import read_history
from ansible_collections.drover.libvirt.plugins.module_utils._linux.mark_files import read_marks
from ansible_collections.drover.libvirt.plugins.module_utils._linux.power_looks import read_looks
from ansible_collections.drover.libvirt.plugins.module_utils._linux.rolling_record import (
    read_record,
)

NEWER = {"version": 99, "maintenance": {"since": "2030"}, "hosts": {"kvm1": {}}, "state": "dozing"}
WAYS: dict[str, bytes] = {
    "empty": b"",
    "truncated": b'{"execution": "e1", "coordin',
    "garbage": bytes(range(256)),
    "a list": b"[1, 2]",
    "a number": b"7",
    "null": b"null",
    "a text": b'"text"',
    "newer": json.dumps(NEWER).encode(),
    "deep": b"[" * 100_000,
    "long number": b'{"version": ' + b"9" * 5000 + b"}",
    "zeros": b"\0" * 4096,
}


def execution(folder: str) -> Any:
    """Read the execution whose file this is; it must never count as one that ended well."""
    document = read_execution(folder).document(1e9)
    assert not document["finished"]
    return document


def marks(folder: str) -> Any:
    """Read the maintenance marks; a damaged one is told by its host."""
    found, problems = read_marks(folder)
    assert (found, [*problems]) == ({}, ["kvm3"])
    raise_named(problems["kvm3"])


def power_marks(folder: str) -> Any:
    """Read the power marks likewise."""
    found, problems = read_marks(folder, parse_power_mark)
    assert (found, [*problems]) == ({}, ["kvm3"])
    raise_named(problems["kvm3"])


def raise_named(sentence: str) -> None:
    """Judge a warning like an error."""
    raise DroverError(sentence)


def history(folder: str) -> Any:
    """Read the history of load; a damaged one is told, and is as good as none."""
    found, problem = read_history(folder)
    assert found == History()
    assert problem
    raise_named(problem)


def local_lock(folder: str) -> Any:
    """Take the lock of the host; what an owner left in it does not matter."""
    with ExecutionLock(str(Path(folder) / "lock"), {"owner": "ann"}, 0.0):
        return None


def looks(folder: str) -> Any:
    """Read what the VMs of the cluster took; it is only evidence, so damage is as good as nothing."""
    assert read_looks(folder) == []


READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "plan": ("plan.json", read_plan),
    "journal": ("journal.jsonl", execution),
    "process": ("process", execution),
    "cluster lock": ("cluster-lock.json", read_lock),
    "local lock": ("lock", local_lock),
    "maintenance mark": ("kvm3.json", marks),
    "load history": ("history.json", history),
    "power looks": ("looks.json", looks),
    "power mark": ("kvm3.json", power_marks),
    "rolling record": ("record.json", read_record),
}


def put(path: Path, way: str) -> None:
    """Damage a file in one of the ways."""
    if way == "a folder":
        path.mkdir()
    elif way == "a pipe":
        os.mkfifo(path)
    elif way == "an endless device":
        path.symlink_to("/dev/zero")
    elif way == "a link to itself":
        path.symlink_to(path)
    elif way == "huge":
        path.touch()
        os.truncate(path, 1 << 40)
    else:
        path.write_bytes(WAYS[way])


OTHER_TYPES = ("a folder", "a pipe", "an endless device", "a link to itself", "huge")


@pytest.mark.parametrize("way", [*WAYS, *OTHER_TYPES])
@pytest.mark.parametrize("kind", READERS)
def test_a_damaged_file_has_one_answer(tmp_path: Path, kind: str, way: str) -> None:
    """No traceback, and an error names the file."""
    name, read = READERS[kind]
    put(tmp_path / name, way)
    try:
        answer = read(str(tmp_path))
    except DroverError as error:
        assert name in str(error) or isinstance(error, AlreadyRunning)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
    else:
        told = {"cluster lock", "rolling record", "maintenance mark", "power mark", "load history"}
        assert kind not in told
        assert kind != "plan" or answer is None


@pytest.mark.parametrize("way", WAYS)
def test_a_lock_that_is_held_refuses_also_where_its_owner_cannot_be_read(
    tmp_path: Path, way: str
) -> None:
    """What the second operator is told is the owner's word at best."""
    path = tmp_path / "lock"
    with ExecutionLock(str(path), {"owner": "ann"}, 0.0):
        path.write_bytes(WAYS[way])
        with pytest.raises(AlreadyRunning, match="Another execution is running"):
            ExecutionLock(str(path), {"owner": "bob"}, 0.0).__enter__()
