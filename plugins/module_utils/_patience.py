# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that may hang, made with a time limit.

A libvirt call cannot be interrupted: against a daemon that is frozen it waits until keepalive ends
the connection, and without keepalive for ever; nor can a read from a file server that is down. Such
calls are made in a thread of their own that is left behind when time runs out; it does not keep the
process from ending.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import threading
import typing as t

from ._errors import DroverError

T = t.TypeVar("T")


class NoAnswer(DroverError):
    """A call did not return within its time limit."""

    code = "no_answer"


class PatientCall(t.Generic[T]):
    """A call that runs in its own thread and can be waited for more than once.

    Parameters
    ----------
    function : callable
        Takes nothing; its result or error is kept.
    doing : str, optional
        What it does, for the message when it does not return.
    """

    def __init__(self, function: t.Callable[[], T], doing: str = "") -> None:
        self._function = function
        self._doing = doing
        self._done = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="call: " + doing, daemon=True).start()

    def _run(self) -> None:
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    @property
    def done(self) -> bool:
        """Whether the call has returned."""
        return self._done.is_set()

    def result(self, limit_s: float) -> T:
        """Return what the call returned, or raise what it raised.

        Raises
        ------
        NoAnswer
            It has not returned within I(limit_s) seconds.
        """
        if not self._done.wait(limit_s):
            raise NoAnswer(
                "There was no answer within {:.0f} s when trying to {}.".format(
                    limit_s, self._doing
                ),
                "Check that the host and its libvirt daemon are alive.",
            )
        if self._error is not None:
            raise self._error
        return t.cast("T", self._result)

    def result_or(self, limit_s: float, otherwise: T) -> T:
        """Return what the call returned, or C(otherwise) when it has not after this many seconds.

        Raises
        ------
        Exception
            What the call raised.
        """
        return self.result(0.0) if self._done.wait(max(0.0, limit_s)) else otherwise


def bounded(function: t.Callable[[], T], limit_s: float, doing: str) -> T:
    """Return what the function returns, waiting no longer than I(limit_s) seconds.

    Raises
    ------
    NoAnswer
        It has not returned in time; its thread is left behind.
    """
    return PatientCall(function, doing).result(limit_s)
