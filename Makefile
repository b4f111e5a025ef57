# Everything there is to set up is done by these targets, on Debian, Ubuntu and macOS with Python 3.11 or later.
.PHONY: serve test lint format messages bench clean

serve: .venv/serve.stamp
	@.venv/bin/python manage.py serve

test: lint .venv/tools.stamp
	.venv/bin/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .venv/test.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

format: .venv/test.stamp
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# The texts to be translated, and their translations for the site (needs GNU gettext).
messages: .venv/serve.stamp
	.venv/bin/python manage.py makemessages -l de --no-location --no-wrap --no-obsolete
	.venv/bin/python manage.py makemessages -l de --no-location --no-wrap --no-obsolete -d djangojs -i node_modules -i vendor -i tests -i .venv
	.venv/bin/python manage.py compilemessages

bench: .venv/bench.stamp
	.venv/bin/python -m bench $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results tests/interop_node/node_modules bench/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/serve.stamp: pyproject.toml constraints.txt
	@scripts/venv
	@touch $@

.venv/test.stamp: pyproject.toml constraints.txt
	@scripts/venv test postgres
	@touch $@ .venv/serve.stamp

.venv/bench.stamp: pyproject.toml constraints.txt
	@scripts/venv test postgres bench
	@touch $@ .venv/test.stamp .venv/serve.stamp

.venv/tools.stamp: .venv/test.stamp tests/interop_node/package.json scripts/nats-server-versions
	@scripts/test-tools
	@touch $@
