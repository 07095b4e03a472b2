# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is under way as lines of a terminal. The one place that knows the library C(rich), which need not be installed.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import io
import typing as t

try:
    from rich.console import Console
    from rich.progress_bar import ProgressBar
    from rich.spinner import Spinner
    from rich.table import Table
    from rich.text import Text
except ImportError:
    HAS_RICH = False
else:
    HAS_RICH = True

from ._planner import visible
from ._running import Bar, Running

# How many bars and how many lines there are at most; the rest is counted.
MOST_BARS = 12
# A bar is this wide at most, and gives way to words on a narrow terminal.
_BAR_WIDTH = 24
_BESIDE_BAR = 72


class Bars:
    """Draws what is under way with C(rich).

    Parameters
    ----------
    colour : bool
        Whether the terminal gets colours.
    """

    def __init__(self, colour: bool) -> None:
        self._colour = colour
        self._spinner = Spinner("dots")

    def lines(self, running: Running, now_s: float, width: int) -> list[str]:
        """Return lines, none wider than the terminal, with their colours; none where nothing is under way."""
        if not running.task:
            return []
        console = Console(
            file=io.StringIO(),
            width=max(width - 1, 20),
            force_terminal=True,
            color_system="standard" if self._colour else None,
            no_color=not self._colour,
            highlight=False,
            legacy_windows=False,
        )
        with console.capture() as capture:
            console.print(self._task_line(running, now_s), overflow="ellipsis", no_wrap=True)
            if running.bars:
                bar_width = min(_BAR_WIDTH, max(8, width - _BESIDE_BAR))
                console.print(_table(running, now_s, bar_width), overflow="ellipsis", no_wrap=True)
        return capture.get().rstrip("\n").split("\n")

    def _task_line(self, running: Running, now_s: float) -> t.Any:
        took_s = max(0.0, now_s - running.since_s)
        words = [visible(running.task), running.attempt]
        if running.bars:
            words.append(f"{running.ended} of {running.total} done, {len(running.bars)} running")
        elif running.hosts:
            words.append(", ".join(map(visible, running.hosts)))
        line = Text()
        line.append_text(t.cast("Text", self._spinner.render(now_s)))
        line.append(f" {'  '.join(filter(None, words))}  {took_s:.0f} s")
        return line


def _table(running: Running, now_s: float, bar_width: int) -> t.Any:
    table = Table.grid(padding=(0, 2))
    bars = list(running.bars.values())
    for _column in range(5):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for shown in bars[:MOST_BARS]:
        table.add_row(*_row(shown, now_s, bar_width))
    if len(bars) > MOST_BARS:
        table.add_row(Text(f"and {len(bars) - MOST_BARS} more"))
    return table


def _row(shown: Bar, now_s: float, bar_width: int) -> tuple[t.Any, ...]:
    return (
        Text(f"  {visible(shown.domain)}"),
        Text(visible(f"{shown.source} → {shown.destination}")),
        ProgressBar(total=100.0, completed=shown.percent, width=bar_width),
        Text(f"{shown.percent:3.0f} %"),
        Text(shown.words(now_s)),
    )
