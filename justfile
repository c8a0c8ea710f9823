# Everything a developer runs. Recipes stay short; logic is in Python.
set shell := ["sh", "-cu"]
set positional-arguments

# What there is
default:
    @just --list --unsorted

# Make .venv as the lock file says
setup:
    @uv sync --locked --quiet

# One sign-in on this machine; `demo --auto` plays the phone too
demo *arguments: setup
    @uv run --no-sync counterfoil demo "$@"

# Every test, on SQLite and PostgreSQL, with a real browser; most in two processes
test *arguments: setup
    uv run --no-sync python -m tests.every_test "$@"

# The whole stories alone: real processes, mail, browser
journey *arguments: setup
    uv run --no-sync pytest tests/journeys "$@"

# The console in a real browser, on both engines, with 100,000 logins behind it; some five minutes
console-journey *arguments: setup
    CONSOLE_LOGINS=100000 uv run --no-sync pytest tests/journeys -k test_console "$@"

# Sign-ins here and at others, side by side; some ten minutes, two with --quick
bench *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.sign_in "$@"

# Thousands of desktops that wait in one process; some seven minutes an engine
bench-waiting *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.waiting "$@"

# What a request costs from 10,000 logins to a million; some six minutes, half of one with --quick
bench-growth *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.growth "$@"

# What asking costs at a mailbox with 100,000 decoys, and with a key that gave up as many; a minute
bench-flooded *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.growth.flooded "$@"

# Give a migrated database a past of 100,000 logins, for the console to show
seed *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.console.seed "$@"

# What each page of the console costs at a million events; some three minutes
bench-console *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.console "$@"

# One replica against two, behind nginx
bench-replicas *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.replicas "$@"

# How many replicas a million people need, and a hundred million, from the measured figures
capacity *arguments: setup
    @uv run --no-sync python -m benchmarks.capacity "$@"

# What collecting a device's fingerprint costs
bench-fingerprint: setup
    uv run --no-sync python benchmarks/fingerprint_collection.py

# What figures, logs and traces cost a request
bench-watching: setup
    @uv run --no-sync python benchmarks/watching.py

# What counting a call costs, beside many callers
bench-counting: setup
    @uv run --no-sync python benchmarks/counting.py

# What the audit log costs from 10,000 entries to a million; some ten minutes
bench-audit *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m benchmarks.audit "$@"

# Every attack of the threat model, on a deployment of its own or on yours; `--planted`: on builds that lack a guard
attack *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m attack.kit "$@"

# Edit a large audit log in its database, thousands of times; every edit must be found and named
audit-attack *arguments: setup
    @uv run --no-sync python -W ignore::RuntimeWarning tests/attack/audit_attack.py "$@"

# Kill a busy service a hundred times on each engine; nothing may be half done, and the log never fork
kill-attack *arguments: setup
    @uv run --no-sync python -W ignore:XDG_RUNTIME_DIR tests/attack/kill.py "$@"

# Faults of every kind while 200 desktops sign in: nothing lost, nothing doubled, the log whole; some 12 minutes
chaos *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m chaos "$@"

# Use every budget up: the attacker must be refused, and the owner served
limits *arguments: setup
    @uv run --no-sync python -W ignore:XDG_RUNTIME_DIR tests/attack/limits.py "$@"

# Known, unknown, disabled, suppressed, over budget: whether bytes or time of an answer tell them apart
enumeration *arguments: setup
    @uv run --no-sync python -W ignore:XDG_RUNTIME_DIR tests/attack/enumeration.py "$@"

# Every provider of mail, well and unwell, over real sockets; what becomes of the mail each time
mail-matrix: setup
    @uv run --no-sync python -W ignore:XDG_RUNTIME_DIR tests/attack/mail_matrix.py

# Random requests, inputs and histories until time is up: `--minutes N` (5), `--part wire|model|parsers`, `--seed N`
fuzz *arguments: setup
    @PYTHONPATH=tests uv run --no-sync python -W ignore:XDG_RUNTIME_DIR -m fuzz.run "$@"

# Change core/ at random, mutant by mutant, and see whether a test notices; some minutes a module
mutate *arguments: setup
    @PYTHONPATH=tests uv run --isolated --locked --group mutate python -m fuzz.mutate "$@"

# Exactly what CI runs beside the tests
check: setup
    uv run --no-sync python -m tests.architecture.check

# Format, and mend what can be mended
fix: setup
    uv run --no-sync ruff check --fix --quiet || true
    uv run --no-sync ruff format

# Write the next migration from db/tables.py
migration message: setup
    uv run --no-sync python alembic/new_migration.py "$1"

# Collect the texts that people read, and bring every language's file up to them
languages: setup
    @PYTHONPATH=tests uv run --no-sync python -m support.catalogues

# Take the pictures in docs/ again
screenshots: setup
    uv run --no-sync python tests/journeys/screenshots.py
    uv run --no-sync python tests/journeys/terminal_picture.py
    uv run --no-sync python tests/journeys/language_pictures.py

# The fingerprint's false alarms and misses
calibrate *arguments: setup
    @uv run --no-sync python -m calibration.report "$@"

# The documentation as a site in site/, offline, every link of it looked at
docs: setup
    @uv run --no-sync python -m docs_site

# Type what the documents show, each command of each page, on both engines; some two minutes
snippets *arguments: setup
    @uv run --no-sync pytest --numprocesses 2 tests/documents/typed "$@"

# Both wheels and sdists into dist/, looked into, installed on every Python and run there; some two minutes
build *arguments: setup
    @uv run --no-sync python -m release "$@"
