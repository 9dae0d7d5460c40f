#!/bin/sh
# needs.sh [chromium] prints, in one line, the command that installs the missing Debian packages.
missing= browser=
add() { missing="$missing $1"; }

command -v git >/dev/null || add git
command -v make >/dev/null || add make
command -v python3 >/dev/null || add python3
python3 -c 'import ensurepip, venv' 2>/dev/null || add python3-venv
command -v setpriv >/dev/null || add util-linux
if [ "$1" = chromium ]; then
    # The headless shell opens a page in a fifth of the time, but some systems lack it.
    for name in chromium-headless-shell chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null; then browser=$name; break; fi
    done
    if [ -z "$browser" ]; then
        if apt-cache show chromium-headless-shell >/dev/null 2>&1; then add chromium-headless-shell; else add chromium; fi
    fi
fi

# Debian's package of promtool also starts a Prometheus server, so a developer's machine does without promtool.
if [ -n "$CI" ] && [ "$1" = chromium ]; then command -v promtool >/dev/null || add prometheus; fi

if [ -n "$missing" ]; then
    echo "Missing:$missing. Install it and start again:" >&2
    echo "    apt-get install --yes --no-install-recommends$missing" >&2
    exit 1
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or newer is needed; $(python3 --version) is here." >&2
    exit 1
fi
