# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers on standard output: for people, or as JSON for programs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from .files import as_text


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option that asks for JSON."""
    parser.add_argument("--json", action="store_true", help="answer in JSON")


def answer(options: argparse.Namespace, document: Any, text: Callable[[Any], str]) -> None:
    """Print a document, as JSON where that was asked for, or as the text that a function makes of it."""
    print(as_text(document) if options.json else text(document), end="")
