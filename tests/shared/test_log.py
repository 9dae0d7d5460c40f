"""A log line that cannot be written does not end the program."""

from pathlib import Path

import pytest

from shared.log import LossyStream


def test_a_full_disk_does_not_end_a_program_that_logs() -> None:
    """A write to /dev/full fails as on a full disk."""
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - to close the file fails, too
    stream = LossyStream(full)
    for _ in range(1000):
        stream.write("status not written\n")
        stream.flush()
    with pytest.raises(OSError, match="No space left"):
        full.close()
