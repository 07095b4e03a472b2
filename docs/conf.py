# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the site; `make docs` calls it by way of scripts/docs.py."""

project = "Drover"
author = "The Drover authors"
copyright = "2026, The Drover authors"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
root_doc = "docs/index"
html_theme = "furo"
html_title = "Drover"
html_copy_source = False
myst_heading_anchors = 4
pygments_style = "ansible"
highlight_language = "text"
nitpicky = True
