"""Imports a program while the servers start, and runs the program when the supervisor writes a line to stdin.

`python -m deploy.local.preload services.registry worker`
"""

import gc
import runpy
import sys
from importlib import import_module
from importlib.util import find_spec

from deploy.containers.compiled import LATE


def main() -> None:
    module, *_ = arguments = sys.argv[1:]
    gc.disable()  # garbage collections would take a sixth of the time of the imports and free little
    for name in (*LATE, entry := entry_of(module)):
        import_module(name)
    gc.enable()
    del sys.modules[entry]  # runpy runs the program again as `__main__`; all other modules stay imported
    if not sys.stdin.readline():
        sys.exit("The supervisor ended before it gave the word.")
    sys.argv = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def entry_of(module: str) -> str:
    spec = find_spec(module)
    return f"{module}.__main__" if spec is not None and spec.submodule_search_locations else module


if __name__ == "__main__":
    main()
