"""If a log line cannot be written, the program continues."""

from pathlib import Path

import pytest

from shared.log import LossyStream


def test_a_full_disk_does_not_end_a_program_that_logs() -> None:
    """/dev/full fails like a full disk."""
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - to close the file fails, too
    stream = LossyStream(full)
    for _ in range(1000):
        stream.write("status not written\n")
        stream.flush()
    with pytest.raises(OSError, match="No space left"):
        full.close()
