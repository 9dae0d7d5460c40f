"""Invented personal data that occurs nowhere else, and functions that search for the data."""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4


@dataclass(frozen=True)
class Canary:
    """One invented person.

    `field` is the name of a form's question. The tests search for this name too, because a question's name can
    reveal personal data.
    """

    person: dict[str, str]
    notes: str
    point: dict[str, float]
    field: str

    @property
    def needles(self) -> list[str]:
        return [*self.person.values(), self.notes, *map(str, self.point.values()), self.field]

    def household(self, **changed: Any) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        body = {
            "kind": "household",
            "report_id": str(uuid4()),
            "household_id": str(uuid4()),
            "occurred_at": now,
            "reported_at": now,
            "origin": {"pcode": "KG05258000000"},
            "destination": {"pcode": "KG05236000000"},
            "persons": 1,
            "members": [self.member()],
            "phone": self.person["phone"],
            "notes": self.notes,
            "origin_point": self.point,
            "destination_point": self.point,
        }
        return {**body, **changed}

    def member(self, **changed: Any) -> dict[str, Any]:
        return {"member_id": str(uuid4()), "relationship": "head", "sex": "male", **self.person, **changed}

    def group(self) -> dict[str, Any]:
        body = self.household(kind="group", group_id=str(uuid4()), measure="stock", persons=40)
        return {name: value for name, value in body.items() if name not in ("household_id", "members", "phone")}

    def wrong(self) -> list[Any]:
        return [
            self.household(**{self.field: self.person["given_name"]}),
            self.household(persons=self.notes),
            self.household(phone=self.notes),
            self.household(origin={"pcode": self.person["family_name"]}),
            self.household(origin={self.field: 1}),
            self.household(members=[self.member(**{self.field: 1})]),
            self.household(members=[self.member(member_id=self.person["personal_number"])]),
            self.household(members=[self.member(birth_date=self.notes)]),
            self.household(kind=self.person["given_name"]),
            self.household(report_id=self.person["phone"]),
            {self.field: self.person},
            [self.person["family_name"]],
            self.person["family_name"],
        ]


# Intake gets the report about the first person. Records about the second person go directly to the topic.
THROUGH_INTAKE = Canary(
    person={
        "given_name": "Канарбек",
        "family_name": "Кызылканаров",
        "patronymic": "Канаровна",
        "birth_date": "1987-03-14",
        "phone": "+996 700 424 242",
        "personal_number": "21305198712345",
    },
    notes="the canary sings at the well",
    point={"lat": 39.8761234, "lon": 71.2345678},
    field="КанарейкаПоле",
)
BYPASSING_INTAKE = Canary(
    person={
        "given_name": "Щегол",
        "family_name": "Зелёнощеглов",
        "patronymic": "Щегловна",
        "birth_date": "1991-08-23",
        "phone": "+996 777 313 131",
        "personal_number": "12308199154321",
    },
    notes="a goldfinch under the bridge",
    point={"lat": 39.1237654, "lon": 71.8765432},
    field="ЩеголПоле",
)


INDEXES = (".index", ".timeindex")


def looked_for(canaries: Iterable[Canary]) -> dict[bytes, str]:
    return {written: needle for canary in canaries for needle in canary.needles for written in ways(needle)}


def ways(needle: str) -> Iterator[bytes]:
    plain = needle.encode()
    yield from (plain, json.dumps(needle)[1:-1].encode(), quote(needle).encode())
    for before in range(3):
        # The first and last characters of base64 depend on neighbouring bytes, and are therefore left out.
        yield base64.b64encode(b"\0" * before + plain).rstrip(b"=")[4 if before else 0 : -1]


def seen(where: str, content: bytes, needles: dict[bytes, str]) -> Iterator[str]:
    content = content.strip(b"\0")  # zeros at the end only reserve space in the file
    for written, needle in needles.items():
        if written in content:
            yield f"{where}: {needle}"


def files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yields all files in the folders except Kafka's indexes. The indexes are long, and contain only offsets."""
    for folder in folders:
        yield from (file for file in folder.rglob("*") if file.is_file() and file.suffix not in INDEXES)
