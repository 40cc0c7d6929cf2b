# What can be done here. Every step finds out by itself whether there is anything to do; the logic is in lab/setup/.
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
STEPS := lab/setup
# What was compiled is kept, whatever the machine says: every start of a server would take three seconds longer.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-code demo screenshots test check lint format console lock clean bench-call bench-recovery bench-acd bench-routing bench-scripts chaos soak bench-size oracle bench-journal bench-objects

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## Install what the demo needs and this machine does not have yet
	@$(STEPS)/setup.sh demo

setup-test: ## The same for the tests
	@$(STEPS)/setup.sh test

setup-code: ## Only what is needed to check and format code
	@$(STEPS)/setup.sh code

demo: setup ## Run a demo centre with real calls; DEMO_SECONDS=60 stops it by itself
	@exec $(PYTHON) -m lab.demo

screenshots: setup-test ## Take the documentation's pictures from a running demo centre
	@exec $(PYTHON) -m lab.screenshots

test: setup-test ## Run all tests: unit, contract, Asterisk, browser, console
	@$(STEPS)/test.sh unit contract asterisk browser console

check: setup-code ## Check format, style, types and layers, and run the quick tests (under a minute)
	@fine=true; $(STEPS)/lint.sh || fine=false; $(STEPS)/test.sh quick console || fine=false; $$fine

lint: setup-code ## Check format, style, types and layers only
	@$(STEPS)/lint.sh

format: setup-code ## Put all code into its form
	@$(STEPS)/format.sh

console: setup-code ## Build the browser applications when their sources have changed
	@$(STEPS)/console.sh build

oracle: setup-code ## Fill in forms in another project's engine again, and compare; the tests use what is recorded
	@$(PYTHON) -m lab.forms --record

lock: ## Choose new versions within pyproject.toml and write requirements.lock
	@$(STEPS)/lock.sh

bench-call: setup-test ## Hold call handling against Dial() and Queue(); CELLS=quick is short, REPEATS=5 is thorough
	@exec $(PYTHON) -m lab.bench.call --cells $(or $(CELLS),full) --repeats $(or $(REPEATS),0)

bench-recovery: setup-test ## Break things on real programs and measure how soon all is back
	@exec $(PYTHON) -m lab.bench.recovery

bench-acd: setup-code ## Measure what an event of the distribution costs, at up to 10,000 agents and waiting contacts
	@exec $(PYTHON) -m lab.bench.acd

bench-routing: setup-code ## Measure how well contacts are distributed, by four sets of rules on the same callers
	@exec $(PYTHON) -m lab.bench.routing

bench-scripts: setup-code ## Measure how fast dialogs are led and expressions evaluated, beside others
	@exec $(PYTHON) -m lab.bench.scripts

bench-size: setup-test ## Measure on the real Asterisk what 10 to 10,000 agents and up to 10,000 waiting calls cost
	@exec $(PYTHON) -m lab.bench.size

chaos: setup-test ## Break something every half a minute under load and check what came of it; MINUTES=10 SEED= FAULTS=
	@exec $(PYTHON) -m lab.chaos.run --minutes $(or $(MINUTES),10) --seed $(or $(SEED),0) --faults "$(FAULTS)"

soak: setup-test ## Put 10 calls/s on 180 agents for a long time; HOURS=0.5
	@exec $(PYTHON) -m lab.bench.soak --hours $(or $(HOURS),0.5)

bench-journal: setup-test ## Measure how fast facts are written, on SQLite and PostgreSQL
	@exec $(PYTHON) -m lab.bench.journal
bench-objects: setup-code ## Find one customer among a million, by number and as somebody types, on both engines
	@exec $(PYTHON) -m lab.bench.objects

clean: ## Remove what was built; the Python environment and Asterisk's copy stay
	rm -rf build agent_ui/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
