# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Traces of load: a table, or a file for each VM."""

from __future__ import annotations

import pytest

from planner.errors import InputError
from planner.importers.source import Source
from planner.simulation.trace import Trace, from_files, from_table


def test_a_table_has_a_column_for_each_vm() -> None:
    """The shortest column decides how many steps there are; blanks around names do not count."""
    trace = from_table(Source("t.csv", "web, db\n10,20\n30,40\n"))
    assert trace == Trace({"web": (10.0, 30.0), "db": (20.0, 40.0)})
    assert trace.steps == 2


def test_a_file_for_each_vm() -> None:
    """By its name without folder and ending; empty lines do not count."""
    trace = from_files([Source("/x/web.txt", "1\n\n2\n3\n"), Source("db", "5\n6\n")])
    assert trace == Trace({"web": (1.0, 2.0), "db": (5.0, 6.0)})


def test_vms_have_their_own_series_or_take_turns() -> None:
    """One name that is not a VM's makes all of them anonymous."""
    trace = Trace({"b": (2.0,), "a": (1.0,)})
    assert dict(trace.of_domains(["b"])) == {"b": (2.0,)}
    assert dict(trace.of_domains(["z", "x", "y"])) == {"x": (1.0,), "y": (2.0,), "z": (1.0,)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the first line must name a VM for each column, each one once."),
        ("a,,b\n1,2,3", "line 1: the first line must name a VM for each column, each one once."),
        ("a,a\n1,2", "line 1: the first line must name a VM for each column, each one once."),
        ("a,b\n1", "line 2: there are 1 numbers under 2 names."),
        ("a\nx", "line 2: the load is 'x', which is not a number."),
        ("a\n-1", "line 2: the load is -1.0, but must be at least 0.0."),
        ("a\n101", "line 2: the load is 101; it must be per cent of the VM's vCPUs, 0 to 100."),
        ("a\n", "The trace holds no samples: it needs a number per VM and step."),
    ],
)
def test_a_table_that_is_no_trace(text: str, words: str) -> None:
    """With the line that is wrong."""
    with pytest.raises(InputError) as caught:
        from_table(Source("t.csv", text))
    assert caught.value.message.endswith(words)
