# What each command does stands in the README. Paths stay relative: the folder's own
# path may contain blanks.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := .venv/bin/python

.PHONY: setup run stop test soak bench fix
.DEFAULT_GOAL := setup

setup:
	@"$(PYTHON)" config/setup.py

run: setup
	@exec $(PY) manage.py serve --under-make

stop:
	@test ! -x $(PY) || exec $(PY) manage.py stop_services

test: setup
	@exec $(PY) tests/run.py

soak: setup
	@exec $(PY) tests/run.py --soak $(if $(ONLY),--only $(ONLY))

bench: setup
	@exec $(PY) -m bench.run $(if $(ONLY),--only $(ONLY))

fix: setup
	@$(PY) -m ruff check --quiet --fix . ; $(PY) -m ruff format --quiet .
