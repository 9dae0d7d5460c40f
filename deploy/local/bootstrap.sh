#!/bin/sh
# Makes .venv and node_modules as the locks say: bootstrap.sh run|development. Nothing to do costs milliseconds.
set -eu
group=$1
stamp=.venv/installed

state_of() { cat "requirements/$1.txt" requirements/uv.txt package-lock.json | sha256sum | cut -d ' ' -f 1; }

# what a developer has is enough to run
for enough in development "$group"; do
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(state_of "$enough")" ]; then exit 0; fi
done

sh deploy/local/needs.sh
# a start that was cut short, or another Python, begins anew
{ [ -f "$stamp" ] && .venv/bin/python -c '' 2>/dev/null; } || { rm -rf .venv; python3 -m venv .venv; }
rm -f "$stamp"
echo "Installing the libraries (once) ..."
.venv/bin/uv --version >/dev/null 2>&1 || .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
# the system's certificates, as a network may have its own authority
UV_PYTHON=.venv/bin/python .venv/bin/uv pip sync --quiet --compile-bytecode --system-certs --require-hashes "requirements/$group.txt"
if [ "$group" = run ]; then omit=--omit=dev; else omit=; fi
NODE_USE_SYSTEM_CA=1 PATH="$PWD/.venv/bin:$PATH" npm ci --ignore-scripts --silent $omit
state_of "$group" > "$stamp"
