"""Imports the test files once. The xdist workers are forked from this process.

`python -m tests.imported tests` imports all files in `tests`, in the way that a worker imports them. The forked workers
therefore need not import the files.
"""

import gc
import sys

import pytest

from tests.fork_servers import serve_each


class OnlyImports:
    """A plugin with which pytest imports the test files but collects no tests.

    Each worker collects the tests itself.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self) -> list[pytest.Item]:
        return []


def main() -> None:
    arguments = ["--collect-only", "--quiet", "--capture=no", *sys.argv[1:]]
    # after a failed import, no worker is forked; each worker then imports the files and reports the error
    if pytest.main(arguments, plugins=[OnlyImports()]) == pytest.ExitCode.NO_TESTS_COLLECTED:
        collect_constants()
        gc.freeze()  # without `freeze`, a worker's garbage collections would copy all objects in memory
        serve_each()


def collect_constants() -> None:
    """Makes Hypothesis collect the constants of all modules. Hypothesis also draws examples from these constants.

    In a new checkout, no constants are stored. Each worker would need 2 CPU seconds to collect the constants.
    """
    from hypothesis.internal.conjecture import providers  # noqa: PLC0415 - pytest must import its plugins first

    # a version of Hypothesis without this function only costs the workers more time
    getattr(providers, "_get_local_constants", lambda: None)()


if __name__ == "__main__":
    main()
