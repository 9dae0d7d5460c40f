"""Search keys: HMACs of folded names, telephones and numbers, which find households without a decryption.

Each field has its own HMAC key, which is derived from a root key outside PostgreSQL. An attacker who has only the
database cannot test whether it contains a name or telephone. docs/decisions/0046 explains how the keys are stored.
"""

import hmac
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.registry.names import folded, telephone
from services.registry.reports import AnyFiled, Content
from shared.crypto.keyring import Keyring
from shared.places import localities

KEY_BYTES = 16
CODE_DIGITS = 4  # the field form shows this many last digits of a report's id as the code of the report
KEPT = 10_000  # the number of values whose keys are kept in memory


class Field(StrEnum):
    NAME = "name"
    PHONE = "phone"
    PERSONAL_NUMBER = "personal_number"
    LOCALITY = "locality"
    CODE = "code"
    SITE = "site"


# The functions that fold the values of each field. A name has several parts.
FOLDS: dict[Field, Callable[[str], Collection[str]]] = {
    Field.NAME: folded,
    Field.PHONE: lambda number: (telephone(number),),
    Field.PERSONAL_NUMBER: lambda number: (number,),
    Field.LOCALITY: lambda name: (localities.folded(name),),
    Field.CODE: lambda code: (code.upper(),),
    Field.SITE: lambda site_id: (site_id.lower(),),
}
REPEATED = frozenset({Field.NAME, Field.LOCALITY, Field.SITE})  # many households have the same values


class Term(NamedTuple):
    """A folded value of a field."""

    field: Field
    value: str


def terms(field: Field, value: str | None) -> list[Term]:
    return [Term(field, part) for part in FOLDS[field](value) if part] if value else []


def values_of(report: AnyFiled) -> Iterator[tuple[Field, str | None]]:
    """The values of this report by which the household can be found, as they were typed."""
    content = report.sealed
    yield Field.CODE, code_of(report.report_id)
    yield Field.PHONE, content.get("phone")
    yield Field.LOCALITY, content.get("origin_locality")
    yield Field.LOCALITY, content.get("destination_locality")
    yield Field.SITE, content.get("destination_site_id")
    for person in content.get("members", ()):
        yield from values_of_person(person)


def values_of_person(person: Content) -> Iterator[tuple[Field, str | None]]:
    yield Field.NAME, person.get("given_name")
    yield Field.NAME, person.get("family_name")
    yield Field.NAME, person.get("patronymic")
    yield Field.PHONE, person.get("phone")
    yield Field.PERSONAL_NUMBER, person.get("personal_number")


def code_of(report_id: str) -> str:
    return report_id[-CODE_DIGITS:]


class KeysOfRoot:
    """Makes the search keys of one root. The keys of names are kept in memory, because most names are frequent."""

    def __init__(self, root: bytes) -> None:
        self._field_keys = {field: derived(root, field) for field in Field}
        self._kept = lru_cache(KEPT)(self._made)

    def key(self, term: Term) -> bytes:
        return search_key(self._field_keys[term.field], term.value)

    def of_reports(self, reports: Iterable[AnyFiled]) -> list[bytes]:
        """The search keys of a household with these valid reports."""
        keys: set[bytes] = set()
        for report in reports:
            for field, value in values_of(report):
                if value:
                    keys.update(self._kept(field, value) if field in REPEATED else self._made(field, value))
        return list(keys)

    def of_site(self, site_id: str) -> bytes:
        """The key by which the households at a site are found."""
        [key] = self._kept(Field.SITE, site_id)
        return key

    def _made(self, field: Field, value: str) -> list[bytes]:
        field_key = self._field_keys[field]
        return [search_key(field_key, part) for part in FOLDS[field](value) if part]


def search_key(field_key: bytes, value: str) -> bytes:
    return hmac.digest(field_key, value.encode(), "sha256")[:KEY_BYTES]


def derived(root: bytes, field: Field) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"dayar/search/v1\0" + field.encode()).derive(root)


class SearchKeys:
    """The root keys in a folder. The newest root makes the search keys that are stored."""

    def __init__(self, folder: Path) -> None:
        self._ring = Keyring(folder)
        self._roots: dict[str, KeysOfRoot] = {}

    @property
    def root_id(self) -> str:
        return self._ring.newest[0]

    def of(self, root_id: str) -> KeysOfRoot:
        """Raises UnknownKey if the root is missing."""
        known = self._roots.get(root_id)
        return known or self._roots.setdefault(root_id, KeysOfRoot(self._ring.find(root_id)))

    def of_sites(self, site_ids: Iterable[str]) -> list[bytes]:
        """The keys of these sites, made with each root that may have made stored keys."""
        roots = [self.of(root_id) for root_id in self._ring.keys]
        return [root.of_site(site_id) for site_id in site_ids for root in roots]

    def between(self, oldest: str, newest: str) -> list[KeysOfRoot]:
        """The roots that may have made stored keys. Raises UnknownKey if the newest one is missing."""
        self._ring.find(newest)
        return [self.of(root_id) for root_id in self._ring.keys if oldest <= root_id <= newest]
