# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the planning runs: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

from ..errors import InputError, PlanningError
from ..libraries import require
from .dispatch import Open

LOCAL = "local"
DASK = "dask://"
CONNECT_S = 10


def opener(name: str, workers: int | None) -> Open:
    """Return what opens the named executor.

    Parameters
    ----------
    name
        ``local``, or ``dask://HOST:PORT`` of a Dask scheduler.
    workers
        Processes of this machine; ``None`` for one a core.

    Raises
    ------
    InputError
        There is no such kind of executor.
    MissingLibrary
        Dask is named and not installed.
    """
    if name == LOCAL:
        return lambda: processes(workers)
    if name.startswith(DASK) and name != DASK:
        require("distributed")
        return lambda: dask(name.removeprefix(DASK))
    raise InputError(f"There is no executor {name}; name {LOCAL} or {DASK}HOST:PORT.")


def processes(workers: int | None) -> Executor:
    """Return a pool of fresh processes; forked ones would inherit the solver's threads in an unknown state."""
    return ProcessPoolExecutor(max_workers=workers, mp_context=multiprocessing.get_context("spawn"))


class DaskExecutor(Executor):
    """Dask's own executor, which closes its connection when it is shut down."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)

    def submit(self, call: Callable[..., Any], /, *values: Any, **named: Any) -> Future[Any]:
        """Run a call on some worker."""
        future: Future[Any] = self._executor.submit(call, *values, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End, and cancel what has not started if asked to."""
        self._executor.shutdown(wait=wait and not cancel_futures)  # not to wait is to cancel there
        self._client.close()


def dask(address: str) -> Executor:
    """Return the executor of a Dask cluster, whose workers need Drover's planner installed.

    Raises
    ------
    PlanningError
        No scheduler answers at the address.
    """
    try:
        client = require("distributed").Client(
            f"tcp://{address}", timeout=CONNECT_S, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise PlanningError(
            f"No Dask scheduler answers at {address} ({error}); start one, or correct the address."
        ) from error
    return DaskExecutor(client)
