# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Third-party libraries, loaded when first used, so that the command starts quickly."""

from __future__ import annotations

import importlib
from types import ModuleType

from .errors import MissingLibrary

PACKAGES = {"yaml": "pyyaml"}


def require(name: str) -> ModuleType:
    """Import a library by name.

    Raises
    ------
    MissingLibrary
        It is not installed here.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = PACKAGES.get(name, name)
        raise MissingLibrary(
            f"The planner needs the Python library {name}, which cannot be imported here ({error}): "
            f"install it on the controller with 'pip install {package}'."
        ) from error
