"""Search keys are HMACs of folded names, folded telephones and numbers.

With search keys, households are found without decrypting them. Each field has an HMAC key of its own, derived from a
root key outside PostgreSQL. An attacker who has only the database cannot test whether a name or telephone is in it.
`docs/decisions/0046` explains how the keys are stored.
"""

import hmac
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.registry.households.ages import birth_year, born_between
from services.registry.reports import AnyFiled, Content
from services.registry.search.telephones import telephones
from services.registry.subjects import Subject
from shared import log
from shared.crypto.keyring import Keyring, UnknownKey
from shared.events.short_codes import folded_code
from shared.events.vocabulary import OutcomeKind
from shared.names import Part, name_parts
from shared.places.localities import joined

KEY_BYTES = 16
FOLDING = 3  # the version of the folding rules; the worker replaces keys of older versions
KEPT = 10_000
LONGEST_NAME = 8  # only this many parts of a name get keys, and a search accepts no more
# the limit of keys for a household, because a household with too many keys would match nearly every search
MOST_KEYS = 600


class Field(StrEnum):
    NAME = "name"
    PHONE = "phone"
    PERSONAL_NUMBER = "personal_number"
    LOCALITY = "locality"
    SITE = "site"
    SHORT_CODE = "short_code"
    BIRTH_YEAR = "birth_year"  # only persons whose age is known, but not their birth year, have these keys


# For each field, how a value is folded. A name has several parts, and each part may have several spellings.
FOLDS: dict[Field, Callable[[str], Collection[Part]]] = {
    Field.NAME: name_parts,
    Field.PHONE: lambda number: (telephones(number),),
    Field.PERSONAL_NUMBER: lambda number: (frozenset({number}),),
    Field.LOCALITY: lambda name: (frozenset({joined(name)} - {""}),),
    Field.SITE: lambda site_id: (frozenset({site_id.lower()}),),
    Field.SHORT_CODE: lambda code: (frozenset({folded_code(code)}),),
    Field.BIRTH_YEAR: lambda year: (frozenset({year}),),
}
# Many households have equal values in these fields.
REPEATED = (Field.NAME, Field.LOCALITY, Field.SITE, Field.BIRTH_YEAR)
OF_REPORT = (
    ("contact_name", Field.NAME),
    ("phone", Field.PHONE),
    ("origin_locality", Field.LOCALITY),
    ("destination_locality", Field.LOCALITY),
)
OF_PERSON = (
    ("given_name", Field.NAME),
    ("family_name", Field.NAME),
    ("patronymic", Field.NAME),
    ("phone", Field.PHONE),
    ("personal_number", Field.PERSONAL_NUMBER),
)


class Term(NamedTuple):
    """A household has the term if one of its values equals one of the spellings."""

    field: Field
    spellings: Part


def terms(field: Field, value: str | None) -> list[Term]:
    return [Term(field, part) for part in FOLDS[field](value) if part] if value else []


def reports_in_effect(subject: Subject) -> Iterator[AnyFiled]:
    """Reversed and held movements are left out, because they have no effect."""
    yield from subject.displacements.values()
    decisions = subject.decisions if subject.movements else {}
    for movement in subject.movements.values():
        decision = decisions.get(movement.report_id)
        is_held = decision is not None and decision.outcome is OutcomeKind.HELD
        if not movement.clear.is_reversed and not is_held:
            yield movement


def values_of(report: AnyFiled) -> list[tuple[Field, str]]:
    values = stated(report.sealed, OF_REPORT)
    for person in report.sealed.get("members", ()):
        values += values_of_person(person)
    return values


def values_of_person(person: Content) -> list[tuple[Field, str]]:
    years = ((Field.BIRTH_YEAR, str(year)) for year in birth_years_by_age(person))
    return [*stated(person, OF_PERSON), *years]


def birth_years_by_age(person: Content) -> range:
    """If the birth year is known, the result is empty, because the table `members` has the birth year."""
    between = born_between(person) if birth_year(person) is None else None
    return range(between[0].year, between[1].year + 1) if between else range(0)


def stated(content: Content, fields: Iterable[tuple[str, Field]]) -> list[tuple[Field, str]]:
    return [(field, value) for name, field in fields if (value := content.get(name))]


class KeysOfRoot:
    """Keys of names, localities and sites are cached, because most of the values occur often."""

    def __init__(self, root: bytes) -> None:
        self._field_keys = {field: derived(root, field) for field in Field}
        makers = {field: partial(self._made, field) for field in Field}
        self._makers: dict[Field, Callable[[str], Collection[bytes]]] = {
            **makers,
            **{field: lru_cache(KEPT)(makers[field]) for field in REPEATED},
        }

    def keys(self, term: Term) -> list[bytes]:
        return [search_key(self._field_keys[term.field], spelling) for spelling in term.spellings]

    def of_household(self, subject: Subject) -> list[bytes]:
        """The keys of short codes come first.

        Short codes are not limited by MOST_KEYS: a movement that names only a short code must find its household.
        """
        codes = [key for code in sorted(subject.short_codes) for key in self.of_code(code)]
        keys: dict[bytes, None] = {}  # a dict keeps the order of the fields
        for report in reports_in_effect(subject):
            for field, value in values_of(report):
                keys.update(dict.fromkeys(self._makers[field](value)))
        if len(keys) > MOST_KEYS:
            log.get().warning("too many search keys", household_id=subject.name[1], keys=len(keys))
        return [*codes, *itertools.islice(keys, MOST_KEYS)]

    def of_site(self, site_id: str) -> bytes:
        [key] = self._makers[Field.SITE](site_id)
        return key

    def of_code(self, code: str) -> list[bytes]:
        return self._made(Field.SHORT_CODE, code)

    def _made(self, field: Field, value: str) -> list[bytes]:
        return [key for term in terms(field, value)[:LONGEST_NAME] for key in self.keys(term)]


def search_key(field_key: bytes, value: str) -> bytes:
    return hmac.digest(field_key, value.encode(), "sha256")[:KEY_BYTES]


def derived(root: bytes, field: Field) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"dayar/search/v1\0" + field.encode()).derive(root)


class KeyVersion(NamedTuple):
    """The root, and the version of the folding rules, with which the search keys of a household were made.

    `root_id` is empty until the household has keys. If the household cannot be decrypted, the worker makes no keys, and
    stores the version as a negative number.
    """

    root_id: str
    folding: int = FOLDING

    @property
    def failed(self) -> "KeyVersion":
        return self._replace(folding=-self.folding)


class SearchKeys:
    """Search keys are stored with the newest root."""

    def __init__(self, folder: Path) -> None:
        self._ring = Keyring(folder)
        self._roots: dict[str, KeysOfRoot] = {}

    @property
    def newest(self) -> KeyVersion:
        return KeyVersion(self._ring.newest[0])

    def of(self, root_id: str) -> KeysOfRoot:
        """Raises UnknownKey if the folder of keys has no root key with this id."""
        known = self._roots.get(root_id)
        return known or self._roots.setdefault(root_id, KeysOfRoot(self._ring.find(root_id)))

    def known(self, versions: Iterable[KeyVersion]) -> list[KeysOfRoot]:
        return [self.of(root_id) for root_id in sorted({version.root_id for version in versions}) if self.has(root_id)]

    def of_sites(self, site_ids: Iterable[str]) -> list[bytes]:
        """A site has one key for each root, because stored keys may have been made with any root."""
        roots = [self.of(root_id) for root_id in self._ring.keys]
        return [root.of_site(site_id) for site_id in site_ids for root in roots]

    def of_codes(self, codes: Iterable[str]) -> dict[bytes, str]:
        """A code has one key for each root, because stored keys may have been made with any root."""
        roots = [self.of(root_id) for root_id in self._ring.keys]
        return {key: code for code in codes for root in roots for key in root.of_code(code)}

    def has(self, root_id: str) -> bool:
        try:
            return bool(root_id) and bool(self._ring.find(root_id))
        except UnknownKey:
            return False

    def can_find(self, version: KeyVersion) -> bool:
        """Whether a search finds households whose keys have this version."""
        return version.folding == FOLDING and self.has(version.root_id)

    def is_old(self, version: KeyVersion) -> bool:
        """Keys of a newer root or newer rules are not old, because another worker may already use them."""
        has_root, newest = self.has(version.root_id), self.newest
        if version.root_id == newest.root_id:
            return abs(version.folding) < FOLDING
        return not has_root or version.root_id < newest.root_id
