# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON and YAML documents in files on the controller.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import typing as t

from ..module_utils._linux.durable import read_file
from . import _planner
from ._plain import plain


class DocumentUnreadable(Exception):
    """A file is not there or does not hold the document that was asked for."""


def read_document(
    value: t.Any, what: str, find: t.Callable[[str], str] = os.path.expanduser
) -> dict[str, t.Any]:
    """Return a document that was given in place, or as the path of a JSON or YAML file.

    Parameters
    ----------
    value : dict or str
        The document or the path.
    what : str
        What it is, for messages.
    find : callable
        Turns the path as given into the path to open.

    Raises
    ------
    DocumentUnreadable
        It cannot be read, or is not a mapping.
    """
    document = plain(value)
    if isinstance(document, str):
        document = _read_file(document, what, find)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise DocumentUnreadable(
            f"The {what} must be a mapping or the path of a file, not {type(document).__name__}."
        )
    return document


def _read_file(path: str, what: str, find: t.Callable[[str], str]) -> t.Any:
    try:
        return _planner.read_document(find(path))
    except _planner.InputError as error:
        raise DocumentUnreadable(f"The {what} cannot be used. {error}") from error


def write_document(path: str, document: dict[str, t.Any], check_mode: bool = False) -> bool:
    """Write a JSON document, whole or not at all; return whether the file changed (or would).

    Raises
    ------
    InputError
        It cannot be written.
    """
    try:
        if read_file(path) == _planner.as_text(document):
            return False
    except (OSError, UnicodeDecodeError):
        # What is there is none of ours; whether it can be replaced shows when it is.
        pass
    if not check_mode:
        _planner.write_document(path, document)
    return True
