# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``drover report``: a plan, and what became of it, as one HTML file."""

from __future__ import annotations

import argparse
from typing import Any

from .files import read_document, read_text, write_text

JOURNAL = "journal.jsonl of the execution, to show what became of the plan"


def add_report(commands: Any) -> None:
    """Add the command to the parser of ``drover``."""
    parser = commands.add_parser("report", help="write a plan as a page for the browser")
    parser.add_argument("plan", metavar="PLAN", help="plan file")
    parser.add_argument("--journal", metavar="FILE", help=JOURNAL)
    parser.add_argument("--out", required=True, metavar="FILE", help="write the page here (HTML)")
    parser.set_defaults(run=run_report)


def run_report(options: argparse.Namespace) -> None:
    """Write the page."""
    from ..documents import validate
    from ..page.execution import read_journal
    from ..page.plan import plan_page

    plan = read_document(options.plan)
    validate("plan", plan)
    journal = options.journal
    outcomes = read_journal(read_text(journal), journal) if journal else []
    write_text(options.out, plan_page(plan, outcomes))
