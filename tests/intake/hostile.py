"""Request bodies within the limits that need as much processing time as possible."""

import json
from collections.abc import Callable
from typing import Any

from tests.intake.factories import hazard, household

REPORT, BATCH = 250_000, 2_000_000


def filled(base: dict[str, Any], name: str, item: str, size: int = REPORT, *, around: str = "[%s]") -> bytes:
    """Returns `base` with one more field, which repeats `item` until the body has `size` bytes."""
    start = json.dumps({key: value for key, value in base.items() if key != name})[:-1]
    items = ",".join([item] * ((size - len(start) - 50) // (len(item) + 1)))
    return f'{start},"{name}":{around % items}}}'.encode()


def with_unknown_fields(base: dict[str, Any], size: int = REPORT) -> bytes:
    return json.dumps(base)[:-1].encode() + keys(size) + b"}"


def keys(size: int) -> bytes:
    return "".join(f',"{number:x}":0' for number in range(size // 10)).encode()


AREA = '{"polygons":[%s]}'
SELF_CROSSING = json.dumps([[70 + number * 37 % 100 / 20, 39 + number * 61 % 100 / 25] for number in range(100)])

SINGLES: dict[str, Callable[[], bytes]] = {
    "48 kB of unknown needs": lambda: filled(household(), "needs", '"x"', 48_000),
    "250 kB of unknown needs": lambda: filled(household(), "needs", '"x"'),
    "120 kB of needs alone": lambda: filled({"kind": "household"}, "needs", "1", 120_000),
    "needs that are numbers": lambda: filled(household(), "needs", "0"),
    "needs that are known": lambda: filled(household(), "needs", '"food"'),
    "members without anything": lambda: filled(household(), "members", "{}"),
    "members that are lists": lambda: filled(household(), "members", "[]"),
    "members with unknown codes": lambda: filled(household(), "members", '{"sex":"x","relationship":"y"}'),
    "counts with unknown codes": lambda: filled(household(), "sex_age", '{"sex":"x","age":"y","count":1}'),
    "unknown fields": lambda: with_unknown_fields(household()),
    "notes of commas and colons": lambda: filled(household(), "notes", '\\":,', around='"%s"'),
    "a number of 250,000 digits": lambda: filled(household(), "persons", "9" * 249_000, around="%s"),
    "lists in lists": lambda: filled(household(), "notes", "[" * 120_000 + "]" * 120_000),
}
HAZARDS: dict[str, Callable[[], bytes]] = {
    "rings that are numbers": lambda: filled(hazard(), "area", "0", around=AREA),
    "rings of nothing": lambda: filled(hazard(), "area", "[]", around=AREA),
    "points alone": lambda: filled({"revision": 1}, "area", "[74,42]", around='{"polygons":[[%s]]}'),
    "points alone in a circle": lambda: filled(hazard(), "area", "[74,42]", around='{"circles":[{"":[%s]}]}'),
    "points of nothing": lambda: filled(hazard(), "area", "[]", around='{"polygons":[[%s]]}'),
    "rings that cross themselves": lambda: filled(hazard(), "area", SELF_CROSSING, 110_000, around=AREA),
    "other names": lambda: filled(hazard(), "aliases", '""'),
    "languages": lambda: json.dumps(hazard())[:-1].encode() + b',"text":{"":0' + keys(REPORT) + b"}}",
}
BATCHES: dict[str, Callable[[], bytes]] = {
    "lists of nothing": lambda: b"[" + b"[]," * (BATCH // 3) + b"[]]",
    "one report of lists": lambda: b"[[" + b"[]," * (BATCH // 3 - 2) + b"[]]]",
    "one report of fewer lists": lambda: b"[[" + b"[0,0,0,0,0,0,0,0,0]," * (BATCH // 21) + b"[]]]",
    "one report of unknown fields": lambda: b'[{"":0' + keys(BATCH) + b"}]",
    "a thousand with unknown fields": lambda: b"[" + b",".join([b'{"":0' + keys(1_900) + b"}"] * 999) + b"]",
    "a thousand with unknown needs": lambda: (
        b"[" + b",".join([filled(household(), "needs", '"x"', 1_950)] * 999) + b"]"
    ),
    "reports of needs that are numbers": lambda: b"\n".join([filled(household(), "needs", "0")] * 8),
    "a hazard of points alone": lambda: filled({"kind": "hazard"}, "area", "[74,42]", around='{"polygons":[[%s]]}'),
    "lines of nothing": lambda: b"{}\n" * (BATCH // 3),
    "a text without an end": lambda: b'["' + b"\\\\" * (BATCH // 2 - 10),
}
