# What can be done here. Every step finds out by itself whether there is anything to do; the logic is in lab/setup/.
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
STEPS := lab/setup

.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test check lint format console lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Install what the demo needs and this machine does not have yet
	@$(STEPS)/setup.sh demo

setup-test: ## The same for the tests
	@$(STEPS)/setup.sh test

demo: setup ## Run a demo centre with real calls; DEMO_SECONDS=60 stops it by itself
	@exec $(PYTHON) -m lab.demo

test: setup-test ## Run all tests: unit, contract, Asterisk, browser, console
	@$(STEPS)/test.sh unit contract asterisk browser console

check: setup lint ## Check format, style, types and layers, and run the quick tests (under a minute)
	@$(STEPS)/test.sh unit console

lint: setup ## Check format, style, types and layers only
	@$(STEPS)/lint.sh

format: setup ## Put all code into its form
	@$(STEPS)/format.sh

console: ## Build the browser applications when their sources have changed
	@$(STEPS)/python.sh
	@$(STEPS)/console.sh

lock: ## Choose new versions within pyproject.toml and write requirements.lock
	@$(STEPS)/lock.sh

clean: ## Remove what was built; the Python environment and Asterisk's copy stay
	rm -rf build agent_ui/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
