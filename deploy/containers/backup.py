"""`python -m deploy.containers.backup [now|list]` makes the nightly backups of the installation in containers.

`now` makes a backup at once, and `list` prints the names of the backups.
"""

import os
import sys

from deploy.containers import start

WORDS = {(): ["-m", "deploy.backup"], ("now",): ["-m", "cli", "backup"], ("list",): ["-m", "cli", "backup", "list"]}


def main() -> None:
    command = WORDS.get(tuple(sys.argv[1:]))
    if command is None:
        sys.exit(f"There are two words, now and list; not {' '.join(sys.argv[1:])}.")
    os.umask(0o077)
    try:
        start.check_restored()
    except start.HalfRestored as error:
        sys.exit(str(error))
    os.environ.update(start.installation())
    os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 - our own program


if __name__ == "__main__":
    main()
