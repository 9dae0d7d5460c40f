"""Limits of a body count brackets, colons and commas of its JSON. Characters in strings do not count."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web import body_limits
from shared.web.body_limits import FIELD, LIST, VALUE, exceeds

BODIES = st.recursive(
    st.integers() | st.text('a"\\[]{},:\nб', max_size=30),
    lambda items: st.lists(items, max_size=9) | st.dictionaries(st.text('a"\\,:[', max_size=9), items, max_size=9),
    max_leaves=60,
)


def signs_of(body: Any) -> dict[bytes, int]:
    if not isinstance(body, list | dict):
        return {LIST: 0, FIELD: 0, VALUE: 0}
    inner = [signs_of(item) for item in (body.values() if isinstance(body, dict) else body)]
    own = {LIST: 1, FIELD: len(body) if isinstance(body, dict) else 0, VALUE: max(0, len(body) - 1)}
    return {sign: count + sum(counts[sign] for counts in inner) for sign, count in own.items()}


@given(body=BODIES, at_once=st.integers(1, 7), ensure_ascii=st.booleans(), sign=st.sampled_from([LIST, FIELD, VALUE]))
def test_a_body_exceeds_each_limit_below_its_number_of_signs(
    body: Any, at_once: int, ensure_ascii: bool, sign: bytes
) -> None:
    raw, count = json.dumps(body, ensure_ascii=ensure_ascii).encode(), signs_of(body)[sign]
    with pytest.MonkeyPatch.context() as patch:
        some = body_limits.SOME_TEXTS.pattern.replace(b"2000", b"%d" % at_once)
        patch.setattr(body_limits, "SOME_TEXTS", re.compile(some, re.DOTALL))
        assert not exceeds(raw, {sign: count})
        assert all(exceeds(raw, {sign: most}) for most in range(count))


def test_signs_in_a_text_without_an_end_do_not_count() -> None:
    assert not exceeds(b'["' + b"," * 2_000, {VALUE: 1_000})
