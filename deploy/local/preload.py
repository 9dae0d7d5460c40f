"""The fork server of `make run`: imports programs while the servers start, and forks them when the supervisor asks.

`python -m deploy.local.preload services.intake services.alerts` gets the requests on standard input.
"""

import gc
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from deploy.containers.compiled import LATE
from deploy.local.forks import serve


def main() -> None:
    preload(sys.argv[1:])
    serve(socket.socket(fileno=sys.stdin.fileno()))


def preload(modules: Sequence[str]) -> None:
    # Garbage collection would take a sixth of the import time, and would free little memory.
    gc.disable()
    entries = [entry_of(module) for module in modules]
    for name in (*LATE, *entries):
        import_module(name)
    for entry in entries:
        del sys.modules[entry]  # runpy imports the program anew, as `__main__`. All other modules stay imported.
    # After `freeze`, garbage collection in a forked process does not touch these objects, so the memory stays shared.
    gc.freeze()
    gc.enable()


def entry_of(module: str) -> str:
    spec = find_spec(module)
    return f"{module}.__main__" if spec is not None and spec.submodule_search_locations else module


if __name__ == "__main__":
    main()
