# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that may never come back, such as reading from a file server that is down.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import threading
import typing as t

Result = t.TypeVar("Result")


class Pending(t.Generic[Result]):
    """A call that runs in the background and is given up when it takes too long.

    The thread of a call that was given up cannot be stopped; it is a daemon, so it does not keep
    the process from ending.

    Parameters
    ----------
    call : callable
        What to do, without arguments.
    """

    def __init__(self, call: t.Callable[[], Result]) -> None:
        self._call = call
        self._results: list[Result] = []
        self._errors: list[Exception] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except Exception as error:  # it is raised again where the result is asked for
            self._errors.append(error)

    def result(self, limit_s: float, otherwise: Result) -> Result:
        """Return what the call returned, or C(otherwise) when it has not after so many seconds.

        Raises
        ------
        Exception
            What the call raised.
        """
        self._thread.join(max(0.0, limit_s))
        if self._errors:
            raise self._errors[0]
        return self._results[0] if self._results else otherwise

    @property
    def is_running(self) -> bool:
        """Whether the call has not come back."""
        return self._thread.is_alive()
