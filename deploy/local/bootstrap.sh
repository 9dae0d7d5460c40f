#!/bin/sh
# If the lock files have changed, bootstrap.sh run|development makes .venv from them. For developers, it also makes
# node_modules.
set -eu
group=$1
stamp=.venv/installed

state_of() { cat "requirements/$1.txt" requirements/uv.txt package-lock.json | sha256sum | cut -d ' ' -f 1; }

# `run` also accepts an environment made for developers, which contains all libraries of `run`.
for enough in development "$group"; do
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(state_of "$enough")" ]; then exit 0; fi
done

sh deploy/local/needs.sh
# An interrupted installation, or a change of Python, makes .venv unusable.
{ [ -f "$stamp" ] && .venv/bin/python -c '' 2>/dev/null; } || { rm -rf .venv; python3 -m venv .venv; }
rm -f "$stamp"
echo "Installing the libraries (once) ..."
.venv/bin/uv --version >/dev/null 2>&1 || .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
# a network may have its own certificate authority
UV_PYTHON=.venv/bin/python .venv/bin/uv pip sync --quiet --compile-bytecode --system-certs --require-hashes "requirements/$group.txt"
[ "$group" = run ] || NODE_USE_SYSTEM_CA=1 PATH="$PWD/.venv/bin:$PATH" npm ci --ignore-scripts --silent
state_of "$group" > "$stamp"
