"""Starts an xdist worker as a fork of `tests.imported`.

xdist starts `python -m tests.worker ADDRESS -u -c CODE`. xdist expects that the started process executes CODE. If there
is a fork server, a forked process executes CODE with the same input and output. Without one, the started process does
so.
"""

import os
import signal
import sys

from deploy.local.forks import Forked, ForkServerEnded
from tests.fork_servers import connected


def forked(address: str, code: str) -> Forked | None:
    try:
        return connected(address).fork("pytest", ["tests.worker", code], os.environ, (0, 1, 2))
    except (OSError, ForkServerEnded):
        return None


def wait_for(worker: Forked) -> int:
    """Waits for the worker. The worker has its own session, so Ctrl-C must be passed on to it."""
    signal.signal(signal.SIGINT, lambda *_: os.kill(worker.pid, signal.SIGINT))
    return worker.wait()


if __name__ == "__main__":
    _, *addresses, code = (word for word in sys.argv if word not in {"-u", "-c"})
    worker = forked(addresses[0], code) if addresses else None
    if worker is None:
        exec(code)  # CODE is xdist's own code
    else:
        sys.exit(wait_for(worker))
