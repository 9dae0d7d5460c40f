"""Runs programs without root's right to open every folder. In CI, root runs the tests."""

import ctypes
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping

from deploy.local import paths
from tests import preloaded

WITHOUT_ROOTS_RIGHTS = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--")
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2  # the capabilities' numbers in linux/capability.h
VERSION_3 = 0x20080522


def run(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs Python with the arguments. The program cannot open a folder with the mode 0, even if root runs the tests."""
    prefix = WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else ()
    return subprocess.run(
        [*prefix, sys.executable, *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=paths.ROOT,
        env={"PATH": os.environ["PATH"], **env},
    )


def run_module(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a module under the limits of `run`.

    The process is forked from a process that has imported the services and commands.
    """
    return preloaded.run("tests.confined", *words, env={"PATH": os.environ["PATH"], **env})


def give_up_rights() -> None:
    header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
    # capget returns the effective, permitted and inheritable sets for capabilities 0 to 31, then the three sets for all
    # others
    held = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capget(header, held) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    for number in (0, 1):
        held[number] &= ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH)
    if libc.capset(header, held) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def main() -> None:
    give_up_rights()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
