# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the machine's own programs."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from tests.lab.errors import LabError

#: Environment of everything that is started in a host: none of the controller's settings.
CLEAN_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "LANG": "C.UTF-8",
}


def run(
    argv: Sequence[str],
    *,
    check: bool = True,
    timeout_s: float = 60.0,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it said.

    Raises
    ------
    LabError
        When the program fails (and `check` is set), is missing, or exceeds `timeout_s`.
    """
    try:
        result = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=CLEAN_ENVIRONMENT,
            check=False,
        )
    except FileNotFoundError:
        message = f"{argv[0]} is not installed; tests/lab/packages.txt lists what the lab needs"
        raise LabError(message) from None
    except subprocess.TimeoutExpired:
        message = f"'{shlex.join(argv)}' did not end within {timeout_s:g} s"
        raise LabError(message) from None
    if check and result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        raise LabError(f"'{shlex.join(argv)}' failed with {result.returncode}: {said}")
    return result
