# Every target first prepares the tools that the target needs. `make help` lists the targets.
SHELL := /bin/sh
BIN := .venv/bin
PYTHON := $(BIN)/python
GROUPS := intake registry alerts console
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help run test check fix quick fuzz faults-alerts lock docs audit sbom screenshots icons messages release bench bench-intake-one bench-intake-batch bench-registry bench-alert-latency bench-hostile-bodies \
        bench-alerts-vs-alertmanager bench-alert-latency-under-load bench-alert-burst bench-first-hour bench-figures bench-search bench-signing bench-wall bench-restart bench-console \
        operators-hour clean-state env up down test-compose running development

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: running ## start everything on this machine: STATE= PORT= KAFKA_PORT= DEMO=0
	@exec $(PYTHON) -m deploy.local

test: development ## run all tests, on real Kafka, PostgreSQL and Valkey: WORKERS=
	@sh deploy/local/needs.sh chromium
	@$(PYTHON) -m compileall -q -j 0 -x '/(test_\w+|conftest)\.py' services shared cli deploy tests  # with this bytecode, each of hundreds of processes starts half a second sooner
	@$(PYTHON) -m pytest $(if $(WORKERS),-n $(WORKERS),-n $$(($$(nproc) + 2)) --maxprocesses 4) --dist loadfile --no-loadscope-reorder

check: development ## format, lint, types, import contracts, documents, names, migrations
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@PATH="$(CURDIR)/$(BIN):$$PATH" npx --no-install prettier --check --log-level warn '**/*.{js,css}'
	@$(BIN)/lint-imports --no-cache
	@PATH="$(CURDIR)/$(BIN):$$PATH" npx --no-install tsc --project tsconfig.json
	@$(PYTHON) -m cli contract --check
	@$(PYTHON) -m pytest --quiet --quiet tests/test_names.py tests/test_documents.py tests/test_lines.py tests/test_one_home.py tests/test_statements.py tests/shared/test_migrations.py

fix: development ## format, and correct what can be corrected automatically
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	@PATH="$(CURDIR)/$(BIN):$$PATH" npx --no-install prettier --write --log-level warn '**/*.{js,css}'

quick: development ## run the pure tests, in seconds
	@$(PYTHON) -m pytest --quick

fuzz: development ## call each route with many more generated bodies than `make test` does: FUZZ_EXAMPLES=
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-300} $(PYTHON) -m pytest tests/fuzz

faults-alerts: development ## kill the alerts worker at five points, with 20 seeds each: SEED=
	@CRASH_SEED=$${SEED:-1} CRASH_SEEDS=20 $(PYTHON) -m pytest -n 2 tests/journeys/test_crashes.py

operators-hour: development ## play an operator's hour in a browser, and print the keys and clicks of each task
	@HOUR_CALLS=20 HOUR_EVENTS=60 $(PYTHON) -m pytest -q -s tests/console/pages/test_hour.py

lock: development ## write requirements/ from pyproject.toml; pins that still fit are kept
	@for group in $(GROUPS); do $(COMPILE) --extra $$group --output-file requirements/$$group.txt; done
	@$(COMPILE) $(GROUPS:%=--extra %) --extra cli --output-file requirements/tools.txt
	@$(COMPILE) $(GROUPS:%=--extra %) --extra cli --extra local --output-file requirements/run.txt
	@$(COMPILE) --all-extras --output-file requirements/development.txt
	@echo uv | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file requirements/uv.txt -
	@$(PYTHON) -m deploy.local.jars
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm install --package-lock-only --ignore-scripts --silent

audit: development ## list the known vulnerabilities of the locked Python libraries, if a vulnerability feed answers
	@$(PYTHON) -m deploy.audit

sbom: development ## write the software bill of materials (CycloneDX) into sbom.json
	@$(PYTHON) -m deploy.sbom sbom.json

docs: development ## write docs/asyncapi.json again from the code
	@$(PYTHON) -m cli contract

screenshots: development ## photograph every page into docs/screenshots, and the pictures of the manual: ONLY="board waiting"
	@sh deploy/local/needs.sh chromium
	@$(PYTHON) -m tests.screenshots --only $(ONLY)

icons: development ## draw the field form's icons (PNG) from their SVG files
	@$(PYTHON) -m deploy.icons

messages: development ## update every catalog to the texts in code and templates
	@$(PYTHON) -m shared.pages.messages

release: check test ## make a version, its changelog section, a commit and a tag: PART=minor (major | minor | patch)
	@$(BIN)/bump-my-version bump $${PART:-minor}

bench: development ## measure every promised speed, even if one of them is missed
	@worst=0; for each in intake_one intake_batch registry alert_latency alert_latency_under_load alert_burst first_hour figures search hostile_bodies signing wall console restart; do \
		$(PYTHON) -m bench.$$each || { code=$$?; [ $$code -le $$worst ] || worst=$$code; }; done; exit $$worst

bench-intake-one bench-intake-batch bench-registry bench-alert-latency bench-alert-latency-under-load bench-alert-burst bench-first-hour bench-figures bench-search bench-hostile-bodies bench-signing bench-wall bench-restart bench-console bench-alerts-vs-alertmanager: development
	@$(PYTHON) -m bench.$(subst -,_,$(@:bench-%=%))

clean-state: running ## remove the installations in the state folder (STATE=), after asking for their names
	@$(PYTHON) -m deploy.local.clean

env: ## generate the containers' passwords into .env; existing ones are kept
	@sh deploy/containers/env.sh

up: env ## start everything in containers: DAYAR_EXERCISE=1 SITE=name PORT=
	@sh deploy/containers/needs.sh
	@docker compose up --wait || { docker compose logs --no-log-prefix secrets provision; exit 1; }

down: ## stop the containers; all data is kept
	@docker compose down

test-compose: development ## start everything in containers, play, kill, restart, restore, and count; needs root
	@[ "$$(id -u)" = 0 ] || { echo "This test gives files to the containers' users and ends their processes, so run it as root." >&2; exit 1; }
	@sh deploy/containers/needs.sh
	@$(PYTHON) -m tests.compose

running:
	@sh deploy/local/bootstrap.sh run

development:
	@sh deploy/local/bootstrap.sh development
