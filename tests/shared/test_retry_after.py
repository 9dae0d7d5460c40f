"""A busy server says how long a client must wait: in seconds, or until a date.

The client waits at most for a limited time.
"""

from datetime import UTC, datetime

import pytest

from shared.outbound import Response
from shared.retry_after import pause

NOW = datetime(2026, 11, 28, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "stated", "expected"),
    [
        (429, "7", 7),
        (503, "Sat, 28 Nov 2026 05:02:00 GMT", 120),
        (503, "Sat, 28 Nov 2026 04:00:00 GMT", 0),
        (503, "Sun, 28 Nov 2027 05:00:00 GMT", 3600),
        (503, "999999", 3600),
        (503, "-5", None),
        (503, "soon", None),
        (503, "9" * 5000, None),
        (503, "", None),
        (500, "7", None),
    ],
)
def test_a_busy_server_states_the_pause_within_an_hour(status: int, stated: str, expected: float | None) -> None:
    assert pause(Response(status, {"retry-after": stated}, b""), NOW) == expected
