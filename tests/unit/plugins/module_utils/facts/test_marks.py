# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance marks: which order prevails."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.marks import (
    changed_mark,
    file_name,
    marked_host,
    parse_mark,
    parse_moment,
)

NOW = datetime.datetime(2026, 11, 24, 9, 0, 0, tzinfo=datetime.timezone.utc)
EARLIER, AT, LATER = "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"
WEB, DB = {"name": "web", "uuid": "u-1"}, {"name": "db", "uuid": "u-2"}


def mark(
    maintenance: bool = True, at: str = AT, *evacuated: dict[str, str], reason: str = ""
) -> dict[str, Any]:
    """Return a mark."""
    return {
        "maintenance": maintenance,
        "at": at,
        "by": "alice",
        "reason": reason,
        "evacuated": list(evacuated),
    }


def test_a_host_without_a_mark_takes_the_order() -> None:
    """With the moment of the order, or now."""
    assert changed_mark(None, mark(), EARLIER, NOW) == mark(at=EARLIER)
    assert changed_mark(None, mark(), None, NOW) == mark()


def test_a_host_that_knows_nothing_records_the_end_of_a_maintenance() -> None:
    """Its copy keeps the maintenance from coming back when the other copies are lost."""
    assert changed_mark(None, mark(False), AT, NOW) == mark(False)


def test_the_same_order_again_changes_nothing() -> None:
    """The first moment stays, for maintenance and for its end."""
    assert changed_mark(mark(True, AT, WEB), mark(True, AT, WEB), LATER, NOW) is None
    assert changed_mark(mark(False), mark(False), LATER, NOW) is None


def test_a_newer_order_prevails() -> None:
    """Ending a maintenance leaves a mark that says so."""
    assert changed_mark(mark(True, AT, WEB), mark(False), LATER, NOW) == mark(False, LATER)
    assert changed_mark(mark(False), mark(), LATER, NOW) == mark(True, LATER)


@pytest.mark.parametrize("at", [EARLIER, AT])
def test_an_older_order_does_not(at: str) -> None:
    """Neither does one of the same moment: a host in maintenance stays there."""
    assert changed_mark(mark(), mark(False), at, NOW) is None


def test_an_order_without_a_moment_is_the_newest() -> None:
    """Even if this host's clock is behind that of the host which wrote the mark."""
    changed = changed_mark(mark(at=LATER), mark(False), None, NOW)
    assert changed is not None
    assert changed["at"] == "2026-11-24T10:00:01Z"


def test_domains_that_were_moved_later_are_added() -> None:
    """The mark becomes newer, so that the longer list prevails everywhere."""
    changed = changed_mark(mark(True, EARLIER, WEB), mark(True, AT, WEB, DB), AT, NOW)
    assert changed == mark(True, AT, WEB, DB)


def test_what_an_older_order_knows_is_added_as_well() -> None:
    """Without making the mark older."""
    changed = changed_mark(mark(True, AT, WEB), mark(True, EARLIER, DB), EARLIER, NOW)
    assert changed == mark(True, AT, WEB, DB)


def test_a_domain_is_known_by_its_uuid() -> None:
    """One that was renamed is not added again."""
    renamed = {"name": "web-old", "uuid": "u-1"}
    assert changed_mark(mark(True, AT, WEB), mark(True, AT, renamed), LATER, NOW) is None


def test_a_new_reason_is_taken_over() -> None:
    """An empty one is not."""
    changed = changed_mark(mark(reason="fans"), mark(reason="disks"), LATER, NOW)
    assert changed is not None
    assert changed["reason"] == "disks"
    assert changed_mark(mark(reason="fans"), mark(), LATER, NOW) is None


def test_moments_are_whole_seconds_of_utc() -> None:
    """Offsets are converted and fractions dropped, so that moments compare as texts."""
    assert parse_moment("2026-11-24T10:00:00.9+01:00") == NOW
    assert parse_moment("2026-11-24t09:00:00z") == NOW


@pytest.mark.parametrize("text", ["yesterday", "", "2026-11-24T09:00:00"])
def test_other_texts_are_no_moments(text: str) -> None:
    """Also a local time without an offset is none."""
    with pytest.raises(ValueError, match=r"offset|isoformat"):
        parse_moment(text)


@pytest.mark.parametrize("host", ["kvm1", "kvm1.example.com", "../etc", "a b", "ä/ö"])
def test_every_host_has_a_file(host: str) -> None:
    """Whatever is in its name, the file stays in the directory and leads back to the host."""
    assert "/" not in file_name(host)
    assert marked_host(file_name(host)) == host


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"maintenance": "yes"}', '{"maintenance": true}']
)
def test_half_a_mark_is_none(text: str) -> None:
    """Without a state or a moment a mark says nothing."""
    with pytest.raises(ValueError, match=r"."):
        parse_mark(text)


def test_a_mark_written_by_hand_is_completed() -> None:
    """State and moment suffice; entries that name nothing are dropped."""
    assert parse_mark(
        '{"maintenance": true, "at": "2026-11-24T09:00:00Z", "evacuated": [{}, 1]}'
    ) == {
        **mark(),
        "by": "",
    }
