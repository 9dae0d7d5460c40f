"""`python -m deploy.containers.watch` monitors the installation in containers.

With the argument `test`, the program sends a test message.
"""

import asyncio
import os
import sys
from pathlib import Path

from deploy.containers import start
from shared.liveness import by_beat


def main() -> None:
    os.umask(0o077)
    environment = {**os.environ, **start.installation()}
    if sys.argv[1:] == ["test"]:
        os.execve(sys.executable, [sys.executable, "-m", "cli", "watch", "test"], environment)  # noqa: S606 - our own
    command = [sys.executable, "-m", "deploy.watch"]
    sys.exit(asyncio.run(start.watched(command, environment, by_beat(Path(environment["BEAT_PATH"])))))


if __name__ == "__main__":
    main()
