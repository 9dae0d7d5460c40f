"""Each class name is unique. Modules and classes have names that are usual in their domain."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Maps invented names, which were used earlier, to the usual words.
REPLACED = {
    "asked": "query",
    "bells": "notify",
    "book": "working_set or changes",
    "copies": "bulk_copy",
    "deed": "action, statement or execution",
    "door": "admission",
    "each": "the noun",
    "draws": "randomness",
    "edge": "middleware",
    "faults": "failures",
    "first": "bootstrap",
    "found": "the noun",
    "gated": "preload",
    "herald": "household_events",
    "homes": "paths",
    "lane": "fast_path",
    "memory": "deduplication",
    "one": "the noun",
    "part": "component or dependency",
    "parts": "components or dependencies",
    "readings": "records",
    "said": "the noun",
    "screen": "terminal",
    "sight": "visibility",
    "sightings": "projections",
    "sights": "visibility",
    "spine": "tables",
    "telling": "household_events",
    "told": "the noun",
    "trace": "fingerprint",
    "vault": "envelope_encryption",
    "wires": "partition_senders",
}

# No name may contain an invented name, not even as a part.
NOWHERE = (
    *("asked", "bells", "deed", "door", "draws", "faults", "gated", "herald", "homes", "lane", "said", "sight"),
    *("sightings", "sights", "spine", "telling", "told", "vault", "wires"),
)


def modules(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from (path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


@cache
def classes(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def test_no_two_classes_of_services_and_shared_have_the_same_name() -> None:
    files = defaultdict(list)
    for path in modules("services", "shared"):
        for name in classes(path):
            files[name].append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in files.items() if len(where) > 1} == {}


@pytest.mark.parametrize("word", REPLACED)
def test_modules_and_classes_have_the_names_of_the_trade(word: str) -> None:
    paths = list(modules("services", "shared", "cli", "deploy", "tests", "bench"))
    scripts = [path for room in ("services", "shared") for path in (ROOT / room).rglob("*.js")]
    named = [str(path) for path in (*paths, *scripts) if path.stem == word]
    named += [f"{path}: {name}" for path in paths for name in classes(path) if name.lower() == word]
    assert named == [], f"the word is {REPLACED[word]}"


@pytest.mark.parametrize("word", NOWHERE)
def test_no_longer_name_contains_a_former_word(word: str) -> None:
    paths = list(modules("services", "shared", "cli", "deploy"))
    named = [str(path) for path in paths if word in path.stem.split("_")]
    named += [f"{path}: {name}" for path in paths for name in classes(path) if word in words(name)]
    assert named == [], f"the word is {REPLACED[word]}"


def words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", name)]
