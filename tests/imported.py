"""Imports test files once, and forks the xdist workers.

`python -m tests.imported tests` imports all files in `tests`, as a worker does. The workers need not import them again.
"""

import gc
import sys

import pytest

from tests.fork_servers import serve_each


class OnlyImports:
    """A plugin that imports the test files without collecting their tests. Each worker collects the tests itself."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self) -> list[pytest.Item]:
        return []


def main() -> None:
    arguments = ["--collect-only", "--quiet", "--capture=no", *sys.argv[1:]]
    # after a failed import, no worker is forked: the workers then import the files themselves and report the error
    if pytest.main(arguments, plugins=[OnlyImports()]) == pytest.ExitCode.NO_TESTS_COLLECTED:
        collect_constants()
        gc.freeze()  # without `freeze`, garbage collections in the workers would copy the memory of all objects
        serve_each()


def collect_constants() -> None:
    """Makes Hypothesis collect the constants of all modules, from which it also draws.

    Without stored constants, as in a new checkout, each worker would need 2 CPU seconds to collect the constants.
    """
    from hypothesis.internal.conjecture import providers  # noqa: PLC0415 - pytest must import its plugins first

    # another version of Hypothesis may lack the function; the workers then only need more time
    getattr(providers, "_get_local_constants", lambda: None)()


if __name__ == "__main__":
    main()
