# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents in files: the only reader, and the only writer, on the controller."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import InputError
from .parsing import LONGEST, parse


def read_document(path: str) -> Any:
    """Read a JSON or YAML file.

    Raises
    ------
    InputError
        It cannot be read, or holds no document.
    """
    return parse(read_text(path), path)


def read_text(path: str) -> str:
    """Read a file of text.

    Raises
    ------
    InputError
        It cannot be read, or is too long.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LONGEST + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"Cannot read {path}: it is not UTF-8 text.") from error
    if len(content) > LONGEST:
        raise InputError(f"Cannot read {path}: it is longer than {LONGEST >> 20} MiB.")
    return text


def as_text(document: Any) -> str:
    """Return a document as it stands in its file."""
    return json.dumps(document, indent=1) + "\n"


def write_document(path: str, document: Any) -> None:
    """Write a JSON file, as `write_text` does.

    Raises
    ------
    InputError
        It cannot be written.
    """
    write_text(path, as_text(document))


def write_text(path: str, text: str) -> None:
    """Write a file whole or not at all, for its owner alone: facts and plans tell how hosts are reached.

    A link in the place of the file is replaced and never followed.

    Raises
    ------
    InputError
        It cannot be written.
    """
    folder = Path(path).absolute().parent
    draft = None
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{Path(path).name}.", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except (OSError, ValueError) as error:
        if draft is not None:
            with suppress(OSError):
                Path(draft).unlink()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"Cannot write {path}: {reason}.") from error
