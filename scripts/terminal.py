# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program shows on a terminal: recorded as it is written, replayed, and kept as an SVG picture."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS, ROWS = 112, 80
FONTS = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'

_WEB_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_NAMED_FONTS = re.compile(r"font-family: Fira Code, monospace")


@dataclass(frozen=True)
class Recording:
    """What a program wrote.

    Parameters
    ----------
    code
        Its exit code.
    parts
        What it wrote, in the pieces in which that arrived.
    """

    code: int
    parts: tuple[bytes, ...]


def record(command: Sequence[str], environment: Mapping[str, str], folder: str) -> Recording:
    """Run a program at a terminal of its own and return what it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.chdir(folder)
        os.execvpe(command[0], list(command), dict(environment))  # noqa: S606 - no shell is wanted
    parts = []
    while part := _read(terminal):
        parts.append(part)
    os.close(terminal)
    return Recording(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), tuple(parts))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the last writer is gone
        return b""


def last_screen(parts: Iterable[bytes]) -> list[Text]:
    """Return the lines that stand on the terminal at the end."""
    *_earlier, last = _screens(parts)
    return _lines(last)


def fullest_screen(parts: Iterable[bytes], mark: str) -> list[Text]:
    """Return the lines of the moment at which most of them had a mark; of several such moments the middle one."""
    shown = [_lines(screen) for screen in _screens(parts)]
    counts = [sum(mark in line.plain for line in lines) for lines in shown]
    moments = [number for number, count in enumerate(counts) if count == max(counts)]
    return shown[moments[len(moments) // 2]]


def _screens(parts: Iterable[bytes]) -> Iterable[pyte.Screen]:
    """Yield the terminal after each part; it is the same object each time."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    for part in parts:
        stream.feed(part)
        yield screen


def _lines(screen: pyte.Screen) -> list[Text]:
    lines = [_line(screen.buffer[number]) for number in range(ROWS)]
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


def _line(characters: Mapping[int, pyte.screens.Char]) -> Text:
    line = Text()
    shown = (characters[column] for column in range(COLUMNS))
    for (colour, bold), run in groupby(shown, key=lambda character: (character.fg, character.bold)):
        style = Style(color=_colour(colour), bold=bold)
        line.append("".join(character.data for character in run), style)
    line.rstrip()
    return line


def _colour(name: str) -> str | None:
    """Return a colour as rich calls it; pyte has its own names, and hexadecimal digits for those without one."""
    if name == "default":
        return None
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return f"#{name}"
    name = name.replace("brown", "yellow")
    return re.sub(r"^bright(?=[a-z])", "bright_", name)


def svg(lines: Sequence[Text], title: str) -> str:
    """Return a picture of lines; it asks no network for fonts."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(line, soft_wrap=True)
    drawn = console.export_svg(title=title, theme=MONOKAI, unique_id="terminal")
    return _NAMED_FONTS.sub(f"font-family: {FONTS}", _WEB_FONTS.sub("", drawn))
