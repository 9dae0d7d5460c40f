"""Reports that intake could not publish are set aside, and are accepted when they are sent again."""

from pathlib import Path

import pytest

from services.intake import set_aside
from services.intake.spool import line
from shared.events import Message
from shared.events.envelope import REVOKED_HEADER

WHOLE = Message("hazards", b"key", b"{}", (("ce_id", b"1"),))
REVOKED = WHOLE._replace(headers=(*WHOLE.headers, (REVOKED_HEADER, b"1")))


@pytest.mark.parametrize(
    ("kept", "reason", "advice"),
    [
        (line(WHOLE), "too_big", "sends it again, shorter"),
        (line(REVOKED), "revoked_credential", "signs in and sends it again"),
        (b"0" + line(WHOLE), "damaged", "sends the next version"),
    ],
)
def test_each_reason_says_how_the_report_can_still_be_accepted(
    tmp_path: Path, kept: bytes, reason: str, advice: str
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.damaged").write_bytes(kept)
    [record] = set_aside.records(tmp_path)
    assert (record.reason, advice in record.advice) == (reason, True)
