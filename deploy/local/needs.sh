#!/bin/sh
# Prints the missing Debian packages in one line: needs.sh [chromium]
missing=
add() { missing="$missing $1"; }

command -v git >/dev/null || add git
command -v make >/dev/null || add make
command -v python3 >/dev/null || add python3
python3 -c 'import ensurepip, venv' 2>/dev/null || add python3-venv
command -v setpriv >/dev/null || add util-linux
if [ "$1" = chromium ]; then
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || add chromium
fi

if [ -n "$missing" ]; then
    echo "Missing:$missing. Install it and start again:" >&2
    echo "    apt-get install --yes --no-install-recommends$missing" >&2
    exit 1
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or newer is needed; $(python3 --version) is here." >&2
    exit 1
fi
