# Everything a newcomer or a maintainer needs: make run, make test, make check, make bench.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BAILEYS := services/whatsapp/baileys/node
DOUBLE := tests/services/whatsapp/double
# A stamp in each folder of npm's packages says that what its lock names has been installed.
TOOLS := node_modules/.installed
PACKAGES := $(BAILEYS)/node_modules/.installed $(DOUBLE)/node_modules/.installed
# Tests of JavaScript that need no browser.
UNITS = $(shell find tests -name '*.test.js' -not -path '*/node_modules/*')

# Whatever is installed, it is the release that was tested (constraints.txt).
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test fuzz check bench screenshots constraints asyncapi clean

run: $(VENV)/run
	@# Without Node 20 or its packages Pulso still runs, and says so on the bot's page.
	@if [ "$$PULSO_WHATSAPP" = baileys ] && [ ! -d $(BAILEYS)/node_modules ]; then \
		npm ci --ignore-scripts --no-audit --no-fund --prefix $(BAILEYS) || \
		echo "The packages of $(BAILEYS) could not be installed; bots can't connect" >&2; fi
	@exec $(BIN)/python main.py

test: $(VENV)/test
	@sh tests/system_packages.sh
	@# Without npm the tests that need Node are skipped, by name.
	@if command -v npm >/dev/null; then \
		$(MAKE) --no-print-directory $(PACKAGES); \
	else echo "There is no npm: the tests of JavaScript are left out" >&2; fi
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	@if command -v npm >/dev/null; then node --test $(UNITS); fi
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not alone'
	$(BIN)/python -m pytest -m alone
endif

# Ten minutes of requests made from the OpenAPI document, and the server's memory under them.
fuzz: $(VENV)/test
	$(BIN)/python -m tests.fuzz $(ARGS)

check: $(VENV)/test $(TOOLS) $(PACKAGES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	node_modules/.bin/biome check --error-on-warnings .
	node_modules/.bin/tsc
	node_modules/.bin/tsc -p tsconfig.node.json
	node_modules/.bin/tsc -p $(DOUBLE)

bench: $(VENV)/bench
	$(BIN)/python -m bench $(ARGS)

# Every page in both themes and languages at three widths, in screenshots/ (ARGS: words of their names).
screenshots: $(VENV)/test
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

# The newest releases that setup.cfg lets in, for every Python and system it runs on.
constraints: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --strip-extras \
		--no-annotate --upgrade --custom-compile-command 'make constraints' \
		--output-file constraints.txt setup.cfg

# What the structs of the events say, for those who read docs/ only.
asyncapi: $(VENV)/run
	$(BIN)/python -m handlers.asyncapi docs/asyncapi.json

# A half-made venv goes; each stamp says what has been installed into it.
$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Making a venv needs Debian's python3-venv: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/run: setup.cfg pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	@touch $@

$(VENV)/test: $(VENV)/run
	$(INSTALL) --editable '.[test,postgres,redis]'
	@touch $@

$(VENV)/bench: $(VENV)/run
	$(INSTALL) --editable '.[bench,redis,postgres]'
	@touch $@

.SECONDEXPANSION:
$(TOOLS) $(PACKAGES): $$(dir $$(@D))package-lock.json
	@command -v npm >/dev/null || { \
		echo "JavaScript is read with Node 20 and npm: apt-get install nodejs npm" >&2; exit 1; }
	npm ci --ignore-scripts --no-audit --no-fund --prefix $(dir $(@D))
	@touch $@

clean:
	rm -rf $(VENV) node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis
