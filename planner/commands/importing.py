# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover import``: it reads files and writes the facts; the importers themselves only see texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..visible import visible
from .answering import add_json, answer
from .files import write_document

if TYPE_CHECKING:
    from ..importers.imported import Imported
    from ..importers.source import Source


PATHS = "ganeti, instance: a file; csv: a folder with hosts.csv and vms.csv; virsh: a folder with one folder per host"
BUSY_SHARE = "part of each vCPU taken as busy where nothing is measured, 0 to 1 (default 0)"


def add_import(commands: Any) -> None:
    """Add the command to the parser of ``drover``."""
    parser = commands.add_parser(
        "import", help="make facts from Ganeti's files, virsh's output or CSV"
    )
    parser.add_argument(
        "--from", dest="format", required=True, choices=sorted(READERS), help="what the input is"
    )
    parser.add_argument("path", metavar="PATH", help=PATHS)
    parser.add_argument("--out", required=True, metavar="FILE", help="write the facts here (JSON)")
    parser.add_argument("--busy-share", type=_share, default=0.0, metavar="X", help=BUSY_SHARE)
    add_json(parser)
    parser.set_defaults(run=run_import)


def run_import(options: argparse.Namespace) -> None:
    """Import, check the facts as the planner will, and write them."""
    from ..cluster.parse import parse_cluster

    imported = READERS[options.format](Path(options.path), options.busy_share)
    parse_cluster(imported.facts)
    write_document(options.out, imported.facts)
    if not options.json:
        for note in imported.notes:
            print(f"Note: {visible(note)}", file=sys.stderr)
    hosts, vms = len(imported.facts["hosts"]), len(imported.facts["domains"])
    done = {"hosts": hosts, "domains": vms, "out": options.out, "notes": list(imported.notes)}
    answer(options, done, lambda _done: f"{hosts} hosts and {vms} VMs in {options.out}.\n")


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("it must be between 0 and 1")
    return value


def _ganeti(path: Path, busy_share: float) -> Imported:
    from ..importers.ganeti import from_ganeti

    return from_ganeti(_source(path), busy_share)


def _instance(path: Path, busy_share: float) -> Imported:
    from ..importers.instance import from_instance

    return from_instance(_source(path))


def _tables(path: Path, busy_share: float) -> Imported:
    from ..importers.tables import from_tables

    return from_tables(_source(path / "hosts.csv"), _source(path / "vms.csv"), busy_share)


def _virsh(path: Path, busy_share: float) -> Imported:
    from ..importers.virsh.host import FILES, from_virsh

    folders = [entry for entry in _entries(path) if entry.is_dir()]
    hosts = {
        folder.name: {f.name: _source(f) for f in _entries(folder) if f.name in FILES}
        for folder in folders
    }
    return from_virsh({name: files for name, files in hosts.items() if files}, busy_share)


READERS: dict[str, Callable[[Path, float], Imported]] = {
    "ganeti": _ganeti,
    "instance": _instance,
    "csv": _tables,
    "virsh": _virsh,
}


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"Cannot read the folder {folder}: {error.strerror}.") from error


def _source(path: Path) -> Source:
    from ..importers.source import Source

    try:
        return Source(str(path), path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"Cannot read {path}: {reason}.") from error
