"""If a Struct accepts a report with changed bytes, the pydantic model accepts the report too.

The Struct and the model then write the same bytes.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake import structs
from services.intake.channels import json_reports
from shared.events import GroupReport, HouseholdReport
from tests.fuzz.conftest import EXAMPLES, FUZZED
from tests.intake.factories import group, household
from tests.intake.test_structs import IDS, PARTS, TEXTS

RAW_EXAMPLES = 20 * EXAMPLES  # an example takes only 5 ms
ID = "3f2b8c5e-9d41-4a6f-8b27-5c0e91d7a4f3"
SHARED = {
    "version": 2,
    "status": "Exercise",
    "occurred_at_precision": "week",
    "mobility": "displacement",
    "hazard_id": ID,
    "origin_point": {"lat": 42.8746, "lon": 74.5698, "accuracy": 12.5},
    "destination_point": {"lat": 39, "lon": 71.25},
    "reason_text": "сел",
    "sex_age": [{"sex": "male", "age": "0-5", "count": 1}],
    "shelter": "tent",
    "needs": ["food", "water"],
    "intention": "return",
    "notes": "жол жабык",
}
WHOLE: list[dict[str, Any]] = [
    household(
        **SHARED,
        is_whole_household=False,
        contact_name="Айгүл Асанова",
        citizenship="KG",
        legal_basis="consent",
        sharing=[{"recipient": "IOM", "purpose": "aid", "person_level": True}],
        members=[
            {
                "member_id": ID,
                "relationship": "head",
                "sex": "female",
                "birth_date": "1984-05-02",
                "birth_year": 1984,
                "given_name": "Айгүл",
                "family_name": "Асанова",
                "patronymic": "",
                "phone": "+996 555 010203",
                "personal_number": "12345678901234",
                "disabilities": ["seeing"],
                "functioning": {"seeing": "some_difficulty", "self_care": "refused"},
                "is_pregnant": False,
                "is_displaced": True,
            },
            {"member_id": ID.replace("3f", "4f")},
        ],
    ),
    group(**SHARED, households=30, households_quantifier="exact", source_type="key_informant"),
]
NAMES = sorted({*HouseholdReport.model_fields, *GroupReport.model_fields, "lat", "member_id", "pcode", "extra", ""})

NUMBERS = """\
0
-0
1
5.0
-0.0
1e0
1E+1
20e-1
0.1e1
1e-400
5e-324
1e400
1e22
1e-7
0.1e-6
9223372036854775807
18446744073709551616
42.87460000000000000000000000000000000001
NaN
-Infinity
01
+1
.5
5.
1e
0x1
1_0
null
true
false""".splitlines()
TIMES = """\
2026-06-15T12:00:00+06:00
2026-06-15t12:00:00z
2026-06-15_12:00:00Z
2026-06-15 12:00:00Z
2026-06-15T12:00Z
2026-06-15T12Z
20260615T120000Z
2026-06-15T12:00:00+0600
2026-06-15T12:00:00+06
2026-06-15T12:00:00-00:00
2026-06-15T12:00:00+24:00
2026-06-15T12:00:00.5+23:59
2026-06-15T12:00:00.000000Z
2026-06-15T12:00:00.Z
2026-06-15T12:00:00,5Z
2026-06-15T12:00:00 Z
2026-06-15T12:00:60Z
2026-06-15T24:00:00Z
2026-02-29T12:00:00Z
+2026-06-15T12:00:00Z
2026-W25-1
1781503200
-1
1984-05-02
1984-5-2
1984-05-02Z
1984-02-30""".splitlines()
ESCAPED = r"""
"\u0041"
"\u00e9"
"\ud83d\ude00"
"\ud83d"
"\/"
"\x"
"a\u0000"
"a	b"
"é"
"ABCD"
"KG"
"unknown" """.strip().splitlines()
OTHERS = ['"a\x01"', '"\x7f"', "[]", "{}", "[null]", '["food","food"]', '{"pcode":"KG05258000000"}']
LONG_NUMBERS = st.from_regex(r"\A-?[0-9]{1,2}\.[0-9]{1,40}(e-?[0-9]{1,2})?\Z")
SPELLED: dict[str, st.SearchStrategy[str]] = {  # a value gets the replacements of the first pattern that matches it
    r"[-0-9].*": st.sampled_from(NUMBERS) | LONG_NUMBERS,
    r'"[0-9]{4}-.*': st.sampled_from(TIMES).map(json.dumps),
    r'"[0-9a-f]{8}-.*': IDS.map(json.dumps),
    r".*": st.sampled_from(ESCAPED) | TEXTS.map(json.dumps) | TEXTS.map(partial(json.dumps, ensure_ascii=False)),
}
ANY = st.sampled_from([*NUMBERS, *ESCAPED, *OTHERS]) | st.sampled_from(TIMES).map(json.dumps)
KEYS = st.sampled_from([*map(json.dumps, NAMES), r'"\u006botes"', r'"\u006eotes"', r'"kin\u0064"'])
SPACES = st.sampled_from([b" ", b" ", b"\t", b"\r\n", b"\x0b", b"\x0c", b"\xa0", b"\xef\xbb\xbf", b"\0", b"//", b","])
VALUE = re.compile(rb'(?<=[:\[,])(?:"(?:[^"\\]|\\.)*+"(?!:)|[-0-9.a-z]++)')
MEMBER = re.compile(rb'"\w+":(?:"[^"\\]*"|[-0-9.a-z]+)')


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    members = draw(st.permutations(list(draw(st.sampled_from(WHOLE)).items())))
    raw = json.dumps(dict(members), ensure_ascii=draw(st.booleans()), separators=(",", ":")).encode()
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3)):
        raw = change(draw, raw)
    return raw


def respelled(draw: st.DrawFn, raw: bytes) -> bytes:
    values = list(VALUE.finditer(raw))
    if not values:
        return raw
    value = draw(st.sampled_from(values))
    other = value[0] + draw(st.sampled_from([b".0", b"e0", b"E+0", b"0e-1", b".000e00", b" ", b"\n"]))
    if value[0].startswith(b'"'):
        other = escaped(value[0])
    return raw[: value.start()] + other + raw[value.end() :]


def escaped(text: bytes) -> bytes:
    try:
        units = json.loads(text, strict=False).encode("utf-16-be", "surrogatepass").hex()
    except ValueError:  # an earlier change made the text invalid JSON
        return text
    return b'"%b"' % re.sub(r"(....)", r"\\u\1", units).encode()


def other_value(draw: st.DrawFn, raw: bytes) -> bytes:
    values = list(VALUE.finditer(raw))
    if not values:
        return raw
    value = draw(st.sampled_from(values))
    alike = next(
        spelled for pattern, spelled in SPELLED.items() if re.match(pattern, value[0].decode(errors="replace"))
    )
    return raw[: value.start()] + draw(alike).encode() + raw[value.end() :]


def member_again(draw: st.DrawFn, raw: bytes) -> bytes:
    members = MEMBER.findall(raw)
    return with_member(draw, raw, draw(st.sampled_from(members))) if members else raw


def member_more(draw: st.DrawFn, raw: bytes) -> bytes:
    return with_member(draw, raw, f"{draw(KEYS)}:{draw(ANY)}".encode())


def with_member(draw: st.DrawFn, raw: bytes, member: bytes) -> bytes:
    """Inserts the member at the start or end of an object. The object may then have two members of one name."""
    brackets = [bracket.start() for bracket in re.finditer(rb"[{}]", raw)]
    if not brackets:
        return raw
    at = draw(st.sampled_from(brackets))
    return (
        raw[: at + 1] + member + b"," + raw[at + 1 :]
        if raw[at : at + 1] == b"{"
        else raw[:at] + b"," + member + raw[at:]
    )


def space_more(draw: st.DrawFn, raw: bytes) -> bytes:
    at = draw(st.sampled_from([found.start() for found in re.finditer(rb"[][{}:,]|\Z", raw)]))
    return raw[:at] + draw(SPACES) + raw[at:]


def other_byte(draw: st.DrawFn, raw: bytes) -> bytes:
    at = draw(st.integers(0, len(raw)))
    return raw[:at] + bytes([draw(st.integers(0, 255))]) + raw[at + draw(st.integers(0, 2)) :]


CHANGES = [*[other_value] * 3, *[respelled] * 3, *[member_again] * 2, member_more, space_more, other_byte]


def ways(raw: bytes) -> Iterator[Any]:
    yield structs.read(raw)
    yield from structs.read_all(b"[%b]" % raw) or ()
    yield from structs.read_all(b"[%b,%b]" % (raw, raw)) or ()


@settings(FUZZED, max_examples=RAW_EXAMPLES)
@given(changed())
def test_what_a_struct_accepts_its_model_accepts_with_the_same_bytes(raw: bytes) -> None:
    for report in filter(None, ways(raw)):
        model = json_reports.DISPLACEMENT.validate_json(raw)
        clear, sealed = PARTS[model.kind]
        assert structs.clear(report) == clear.serializer.to_json(model, exclude_none=True)
        assert structs.sealed(report) == sealed.serializer.to_json(model, exclude_defaults=True)
        assert structs.subject_id(report) == str(getattr(model, f"{model.kind}_id"))
        assert report == structs.of(model)
