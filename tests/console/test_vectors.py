"""A position of the stream survives encoding and decoding. Every other text is refused."""

from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.stream import vectors
from services.console.stream.vectors import BadVector, SealedVectors
from shared.crypto import keyring

OFFSETS = st.lists(st.integers(min_value=0, max_value=2**53), max_size=12)


@given(st.dictionaries(st.sampled_from(["hazards", "alerts", "households"]), OFFSETS))
def test_a_vector_survives_encoding(held: dict[str, list[int]]) -> None:
    vector = {(topic, number): offset for topic, offsets in held.items() for number, offset in enumerate(offsets)}
    assert vectors.decoded(vectors.encoded(vector, held)) == vector


def test_only_requested_topics_are_encoded() -> None:
    vector = {("hazards", 0): 3, ("alerts", 0): 9}
    assert vectors.decoded(vectors.encoded(vector, ["hazards"])) == {("hazards", 0): 3}


NESTED = urlsafe_b64encode(b"[" * 10_000).decode()  # the deepest nesting that fits into a header


@pytest.mark.parametrize(
    "text", [NESTED, "", "x", "!!!", "bnVsbA", "WzFd", "eyJhIjoxfQ", "eyJhIjpbIngiXX0", "eyJhIjpbSW5maW5pdHldfQ", "🐎"]
)
def test_an_invalid_position_is_refused(text: str) -> None:
    with pytest.raises(BadVector):
        vectors.decoded(text)


def test_an_encrypted_position_tells_neither_offsets_nor_their_length(tmp_path: Path) -> None:
    keyring.draw(tmp_path)
    sealed = SealedVectors(tmp_path)
    few, many = ({("hazards", 0): offset} for offset in (3, 3_000_000))
    texts = [sealed.encoded(vector, ["hazards"]) for vector in (few, few, many)]
    assert [sealed.decoded(text) for text in texts] == [few, few, many]
    assert len(set(texts)) == 3 and len({len(text) for text in texts}) == 1
    keyring.draw(tmp_path)
    assert SealedVectors(tmp_path).decoded(texts[0]) == few
    for text in (vectors.encoded(few, ["hazards"]), texts[0][:-4], texts[0][:-4] + "AAAA", "", "🐎"):
        with pytest.raises(BadVector):
            sealed.decoded(text)


def test_a_position_is_reached_when_every_partition_is() -> None:
    assert vectors.reached({("hazards", 0): 4, ("hazards", 1): 2}, {("hazards", 0): 4})
    assert not vectors.reached({("hazards", 0): 4}, {("hazards", 0): 4, ("hazards", 1): 1})
