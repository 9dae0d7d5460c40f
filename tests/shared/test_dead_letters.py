"""A dead letter contains the whole record that could not be processed.

The sealed fields of a report stay sealed in it.
"""

import json
from pathlib import Path

import pytest

from services.registry.handlers import REPORTS
from shared.crypto.seal import Opener, Sealer, decode
from shared.events import Message, SealedBox
from shared.events.topics import record_bytes
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import DeadLetters, dead_aad
from shared.messaging.records import Record, UnreadableRecord

GOLDEN = Path(__file__).parent.parent / "events"
CANARY = "Айгүл Токтогулова +996 555 123456"


@pytest.fixture
def letters(seal_keys: Path) -> DeadLetters:
    return DeadLetters("registry", Sealer(seal_keys / "public.key"))


def record(name: str = "dayar.displacement.household_reported.v1", topic: str = "displacements") -> Record:
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    headers = tuple((header, value.encode()) for header, value in golden["headers"].items())
    return Record(topic, 2, 41, 0, golden["key"].encode(), json.dumps(golden["data"]).encode(), headers)


def opened(letter: Message, seal_keys: Path) -> dict[str, object]:
    box = SealedBox.model_validate_json(letter.value)
    plain = Opener(seal_keys / "private").open(box, dead_aad(box.kid, "displacements", 2, 41))
    content: dict[str, object] = json.loads(plain)
    return content


def test_the_original_bytes_and_headers_are_kept_with_the_reason(letters: DeadLetters) -> None:
    original = record()
    letter = letters.letter(UnreadableRecord(original, "seal_mismatch", "/sealed"))
    assert letter.topic == "displacements.registry.dead"
    assert (letter.key, letter.value) == (original.key, original.value)
    assert letter.headers[: len(original.headers)] == original.headers
    assert dict(letter.headers[len(original.headers) :]) == {
        "dead_reason": b"seal_mismatch",
        "dead_pointer": b"/sealed",
        "dead_service": b"registry",
        "dead_topic": b"displacements",
        "dead_partition": b"2",
        "dead_offset": b"41",
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda original: original._replace(
            value=original.value.replace(
                b'"persons"', json.dumps({"given_name": CANARY}).encode()[1:-1] + b', "persons"'
            )
        ),
        lambda original: original._replace(
            value=original.value.replace(b'"country": "UZ"', json.dumps({"country": "UZ", CANARY: 1}).encode()[1:-1])
        ),
        lambda original: original._replace(
            value=original.value.replace(b'"persons"', json.dumps({"persons": CANARY}).encode()[1:-1] + b', "persons"')
        ),
        lambda original: original._replace(
            value=original.value.replace(
                b'{"country": "UZ"', b'{"country": ' + json.dumps(CANARY).encode() + b', "country": "UZ"'
            )
        ),
        lambda original: original._replace(value=json.dumps({CANARY: 1}).encode()),
        lambda original: original._replace(value=CANARY.encode()),
        lambda original: original._replace(value=b""),
        lambda original: original._replace(key=CANARY.encode()),
        lambda original: original._replace(headers=(*original.headers, ("note", CANARY.encode()))),
        lambda original: original._replace(headers=(*original.headers, (CANARY, b"1"))),
        lambda original: original._replace(
            headers=tuple((name, CANARY.encode() if name == "ce_source" else value) for name, value in original.headers)
        ),
        lambda original: original._replace(
            headers=tuple((name, b"21305198712345" if name == "ce_id" else value) for name, value in original.headers)
        ),
        lambda original: original._replace(
            headers=tuple((name, b"dayar.v9" if name == "ce_type" else value) for name, value in original.headers)
        ),
    ],
)
def test_a_record_with_more_than_the_permitted_clear_fields_is_sealed_whole(
    letters: DeadLetters, seal_keys: Path, spoil: "object"
) -> None:
    spoiled: Record = spoil(record())  # type: ignore[operator]
    letter = letters.letter(UnreadableRecord(spoiled, "malformed", "/?"))
    shown = letter.key + letter.value + b"".join(name.encode() + value for name, value in letter.headers)
    assert CANARY.encode() not in shown and json.dumps(CANARY)[1:-1].encode() not in shown
    assert dict(letter.headers)["dead_sealed"] == b"1"
    plain = opened(letter, seal_keys)
    assert decode(str(plain["value"])) == spoiled.value
    assert decode(str(plain["key"])) == spoiled.key
    assert [(name, decode(value)) for name, value in plain["headers"]] == list(spoiled.headers)  # type: ignore[attr-defined]


def test_the_dead_letter_of_the_biggest_record_is_not_too_big(letters: DeadLetters) -> None:
    biggest = record()._replace(value=b"x" * (1 << 20))
    letter = letters.letter(UnreadableRecord(biggest, "malformed", "/?"))
    weight = len(letter.value) + sum(len(name) + len(value) for name, value in letter.headers)
    assert weight < record_bytes(letter.topic)


def test_the_author_learns_of_a_report_that_was_set_aside(letters: DeadLetters) -> None:
    outcome = letters.outcome(UnreadableRecord(record(), "seal_mismatch", "/sealed"))
    assert outcome is not None and outcome.topic == "outcomes"
    settled = json.loads(outcome.value)
    assert (
        settled["outcome"] == "set_aside" and settled["reason"] == "seal_mismatch" and settled["consumer"] == "registry"
    )
    assert letters.outcome(UnreadableRecord(record()._replace(value=b"{"), "malformed")) is None


def test_no_outcome_is_published_for_a_forged_record(letters: DeadLetters) -> None:
    """With an outcome, an attacker with a broker login could make authors believe that their reports were set aside."""
    assert letters.outcome(UnreadableRecord(record(), "signature_mismatch")) is None


def test_a_dead_letter_keeps_the_originals_signature_beside_its_own(letters: DeadLetters) -> None:
    signature = ("signature", b"00000001-00000001:" + b"A" * 43)
    signed = record()._replace(headers=(*record().headers, signature))
    letter = letters.letter(UnreadableRecord(signed, "malformed", ""))
    assert ("dead_signature", signature[1]) in letter.headers
    assert "signature" not in dict(letter.headers)


def test_a_consumer_of_sealed_reports_requires_a_sealer() -> None:
    with pytest.raises(ValueError, match="sealer"):
        Consumer("registry", REPORTS, settings=None, sessions=None)  # type: ignore[arg-type]
