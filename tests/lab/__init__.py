# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded lab: real libvirt hosts, in namespaces of one Debian machine.

``python -m tests.lab`` is the command line, :class:`tests.lab.lab.Lab` the API, README.md says
what each of them offers. Nothing is imported here: pid 1 of every host loads this package with the
distribution's Python, before it has any reason to know libvirt.
"""
