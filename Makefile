# Everything a newcomer or a maintainer needs: make run, make test, make check, make bench.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BAILEYS := services/whatsapp/baileys/node
DOUBLE := tests/services/whatsapp/double

.PHONY: run test check bench clean

run: $(VENV)/run
	@# Without Node 20 or its packages Pulso still runs, and says so on the bot's page.
	@if [ "$$PULSO_WHATSAPP" = baileys ] && [ ! -d $(BAILEYS)/node_modules ]; then \
		npm ci --ignore-scripts --no-audit --no-fund --prefix $(BAILEYS) || \
		echo "The packages of $(BAILEYS) could not be installed; bots can't connect" >&2; fi
	@exec $(BIN)/python main.py

test: $(VENV)/test
	@sh tests/system_packages.sh
	@if command -v npm >/dev/null; then \
		for folder in $(BAILEYS) $(DOUBLE); do \
			[ -d $$folder/node_modules ] || npm ci --ignore-scripts --no-audit --no-fund --prefix $$folder || exit 1; \
		done; fi
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/bench
	$(BIN)/python -m bench $(ARGS)

# A half-made venv is made anew; each stamp says what has been installed into it.
$(VENV)/run: setup.cfg pyproject.toml
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
		echo "Making a venv needs Debian's python3-venv: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/test: $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,postgres]'
	@touch $@

$(VENV)/bench: $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
