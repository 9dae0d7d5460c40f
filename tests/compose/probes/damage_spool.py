"""Writes an unreadable record into a separate spool folder.

With the argument `mended`, the program removes the folder again.
"""

import sys
from pathlib import Path

SPOOL = Path("/var/lib/dayar/spool/intake/probe")


def main(*words: str) -> None:
    file = SPOOL / "1.damaged"
    if words:
        file.unlink()
        SPOOL.rmdir()
    else:
        SPOOL.mkdir()
        file.write_text("x\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
