# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents in files: JSON and YAML read, JSON written whole or not at all."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import InputError


def read_document(path: str) -> Any:
    """Read a JSON or YAML file.

    Raises
    ------
    InputError
        It cannot be read, or is neither.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"Cannot read {path}: {reason}.") from error
    try:
        return json.loads(text)
    except ValueError as error:
        if path.endswith(".json"):
            raise InputError(f"{path} is not valid JSON: {error}.") from error
        return _yaml(path, text)


def _yaml(path: str, text: str) -> Any:
    from .libraries import require

    yaml = require("yaml")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        sentence = " ".join(str(error).split())
        raise InputError(f"{path} is not valid YAML: {sentence}.") from error


def write_document(path: str, document: Any) -> None:
    """Write a JSON file whole or not at all.

    Raises
    ------
    InputError
        It cannot be written.
    """
    draft = Path(f"{path}.part")
    try:
        draft.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise InputError(f"Cannot write {path}: {error.strerror}.") from error
