# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/bash
PY := .venv/bin/python
LAB ?= lab
HOSTS ?= 4
LABS ?= 2
KEEP ?= 0
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections

.PHONY: help setup setup-lab demo test test-fast test-lab test-page faults soak fuzz test-pulp4 test-py39 lint types sanity bench lab-up lab-down lab-status docs pictures build release clean

help: ## Show what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Make .venv with bin/drover and the test tools; install what is missing
	scripts/setup

setup-lab:
	scripts/setup lab

demo: setup-lab ## Evacuate and restore a host of real libvirt in the lab (KEEP=1 leaves the lab up)
	$(PY) scripts/demo.py --hosts $(HOSTS) $(if $(filter-out 0,$(KEEP)),--keep)

test: setup-lab lint types ## Everything: lint, types, unit, scenarios, PuLP 4, Python 3.9, sanity, lab
	$(PY) -m pytest -m "not lab and not faults and not page and not benchmark" -q -n 2 --dist loadfile
	$(MAKE) test-pulp4 test-py39 sanity test-page test-lab

test-fast: setup ## Unit tests and scenarios, no lab, about a minute on two cores
	$(PY) -m pytest -m "not lab and not faults and not page and not benchmark and not slow" -q -x -n 2 --dist loadfile

test-lab: setup-lab ## The tests on real libvirt and QEMU, in LABS=2 labs at once
	$(PY) -m pytest tests/lab tests/faults -m "lab and not slow" -q --reruns 1 -n $(LABS) --dist loadfile

test-page: setup ## The pages in headless Chromium, at three sizes, light and dark (pictures in tests/output/page)
	scripts/setup page
	$(PY) -m pytest tests/page -m page -q

faults: setup-lab ## The whole fault matrix on real libvirt and QEMU (writes docs/faults.md), and the slow lab tests
	$(PY) -m pytest tests/lab -m "faults or slow" -q
	$(PY) -m tests.faults --fresh --report docs/faults.md

soak: setup-lab ## A population of guests, migrated MIGRATIONS=1000 times with faults at random (writes docs/soak.md)
	$(PY) -m tests.faults.soak --migrations $(or $(MIGRATIONS),1000) --report docs/soak.md

fuzz: setup ## Everything from outside, changed at random, for long (FUZZ_EXAMPLES=5000 of each kind)
	FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),5000) $(PY) -m pytest tests/fuzz -q

test-pulp4: ## The planner's tests on Python 3.12 or newer with PuLP 4, where there is such a Python
	scripts/setup pulp4
	@if [ -x .venv-pulp4/bin/python ]; then .venv-pulp4/bin/python -m pytest tests/unit/planner tests/scenarios -q -n 2 --dist loadfile; fi

test-py39: ## The tests of what runs on hosts with Python 3.9, where there is one
	scripts/setup py39
	@if [ -x .venv-py39/bin/python ]; then .venv-py39/bin/python -m pytest tests/unit/plugins/module_utils -q -n 2 --dist loadfile; fi

lint: setup ## ruff, ansible-lint, changelog fragments
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	cd .collections/ansible_collections/drover/libvirt && PATH="$(CURDIR)/.venv/bin:$$PATH" $(CURDIR)/.venv/bin/ansible-lint --offline --profile production -q
	.venv/bin/antsibull-changelog lint

types: setup ## mypy, strict
	.venv/bin/mypy -p ansible_collections.drover.libvirt.planner -p ansible_collections.drover.libvirt.plugins
	.venv/bin/mypy scripts/demo.py tests/lab tests/faults

sanity: setup ## ansible-test sanity, with nothing ignored
	scripts/sanity

bench: setup-lab ## Benchmarks, beside other planners (prints figures, judges nothing)
	scripts/setup peers
	scripts/setup page
	$(PY) -m tests.benchmarks $(BENCH)
	$(PY) -m pytest tests/benchmarks -q -s -m "" --override-ini testpaths=tests/benchmarks

lab-up: setup-lab ## Bring up a lab: make lab-up HOSTS=4 LAB=lab
	$(PY) -m tests.lab up --name $(LAB) --hosts $(HOSTS)

lab-down: ## Take the lab down: make lab-down LAB=lab
	$(PY) -m tests.lab down --name $(LAB)

lab-status: ## Show the lab's hosts and guests
	$(PY) -m tests.lab status --name $(LAB)

docs: ## The documentation site in build/docs/html; a warning or a broken link is an error
	scripts/setup docs
	.venv-docs/bin/python scripts/docs.py

pictures: setup-lab ## Make docs/pictures again, from an evacuation in the lab
	scripts/setup page
	$(PY) scripts/pictures.py

build: setup ## Build the collection's archive
	mkdir -p build && .venv/bin/ansible-galaxy collection build --force --output-path build .

release: ## The collection and the wheel, built twice and compared, with SBOM, licences and checksums (build/release)
	scripts/setup release
	.venv-release/bin/python scripts/release.py

clean: ## Remove what was made here (not the lab: make lab-down)
	rm -rf .venv .venv-pulp4 .venv-py39 .venv-peers .venv-docs .venv-release .collections build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
