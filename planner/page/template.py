# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that turns values into HTML: everything but our own markup is escaped here."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..libraries import require
from ..report.table import counted, duration, gib
from ..visible import visible

FOLDER = Path(__file__).parent / "templates"


def fill(name: str, values: Mapping[str, Any], island: object) -> str:
    """Return a page.

    The page names the hashes of its own style and script, so a browser runs nothing else in it, and asks nobody for
    anything, even if a name were to get past the escaping.

    Parameters
    ----------
    name
        The template.
    values
        What it shows.
    island
        JSON for the script of the page: what is shown only when somebody asks for it.
    """
    markup = require("markupsafe").Markup
    style, script = _asset("page.css"), _asset("page.js")
    page: str = (
        _environment()
        .get_template(name)
        .render(
            **values,
            style=markup(style),
            script=markup(script),
            style_hash=_hash(style),
            script_hash=_hash(script),
            island=markup(_as_island(island)),
        )
    )
    return page


@cache
def _environment() -> Any:
    jinja2 = require("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "gib": gib}
    environment.globals["counted"] = counted
    return environment


def _shown(value: Any) -> Any:
    """Return what is put out for a value: names without characters that nobody sees, numbers without a long tail."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return f"{value:.6g}" if isinstance(value, float) else value


@cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _as_island(document: object) -> str:
    """Return JSON that cannot end the element it stands in."""
    text = json.dumps(document, separators=(",", ":"))
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
