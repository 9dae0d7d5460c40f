"""Replaces unknown codes in a JSON report by `other` or `unknown`, and keeps their text (docs/decisions/0014). Pure."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from shared.events.vocabulary import (
    AgeBracket,
    HazardType,
    Intention,
    LegalBasis,
    Need,
    Reason,
    Relationship,
    Sex,
    Shelter,
    SourceType,
)

# For each field, the table names the value that replaces an unknown code, and the field that keeps the text of the
# code. In all other fields, an unknown code makes the report invalid.
KEPT_AS = {
    "type": ("other", "type_text"),
    "reasons": ("other", "reason_text"),
    **dict.fromkeys(("hazard_type", "shelter", "needs", "source_type"), ("other", "notes")),
    **dict.fromkeys(("intention", "legal_basis", "relationship", "sex", "age"), ("unknown", "notes")),
}
CODES: dict[str, type[StrEnum]] = {
    "type": HazardType,
    "reasons": Reason,
    "shelter": Shelter,
    "needs": Need,
    "source_type": SourceType,
    "hazard_type": HazardType,
    "intention": Intention,
    "legal_basis": LegalBasis,
    "relationship": Relationship,
    "sex": Sex,
    "age": AgeBracket,
}
KNOWN = {name: frozenset(map(str, codes)) for name, codes in CODES.items()}
LONGEST_LIST = 60  # the contract refuses longer lists, so later items are not examined

Path = tuple[int | str, ...]


def replaced(document: Any) -> dict[str, Any]:
    """Changes the given document. Raises ValueError if the document has no unknown codes."""
    texts: dict[str, list[str]] = {}
    for path, holder, key in unknown_codes(document):
        code, target = KEPT_AS[str(field_path(path)[-1])]
        label = f"{'/'.join(map(str, field_path(path)))}: " if target == "notes" else ""
        texts.setdefault(target, []).append(f"{label}{holder[key]}")
        holder[key] = code
    if not texts:
        raise ValueError
    for target, kept in texts.items():
        if not isinstance(text := document.get(target) or "", str):
            raise ValueError  # noqa: TRY004 - of the document
        document[target] = "; ".join([*filter(None, [text]), *kept])
    return document  # type: ignore[no-any-return]


def unknown_codes(document: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Yields each unknown code.

    The result is the code's path, the object or list that contains the code, and the code's key or index.
    """
    if not isinstance(document, dict):
        return
    yield from codes_of(document, ())
    for name in ("members", "sex_age"):
        persons = document.get(name)
        for number, person in enumerate(persons[:LONGEST_LIST] if isinstance(persons, list) else []):
            if isinstance(person, dict):
                yield from codes_of(person, (name, number))


def codes_of(holder: dict[str, Any], above: Path) -> Iterator[tuple[Path, Any, Any]]:
    for name, known in KNOWN.items():
        value = holder.get(name)
        if isinstance(value, list):
            for number, code in enumerate(value[:LONGEST_LIST]):
                if is_unknown(code, known):
                    yield (*above, name, number), value, number
        elif is_unknown(value, known):
            yield (*above, name), holder, name


def is_unknown(code: Any, known: frozenset[str]) -> bool:
    return isinstance(code, str | int | float) and code not in known


def field_path(path: Path) -> Path:
    return path if isinstance(path[-1], str) else path[:-1]
