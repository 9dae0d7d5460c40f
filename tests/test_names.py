"""Each class has a name of its own, and no module or class has an invented name if the trade has a word."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# the former names, and the words of the trade that replaced them
REPLACED = {
    "bells": "notify",
    "book": "working_set or changes",
    "copies": "bulk_copy",
    "door": "admission",
    "draws": "randomness",
    "edge": "middleware",
    "faults": "failures",
    "first": "bootstrap",
    "gated": "preload",
    "herald": "household_events",
    "homes": "paths",
    "lane": "fast_path",
    "memory": "deduplication",
    "part": "component or dependency",
    "readings": "records",
    "screen": "terminal",
    "sight": "visibility",
    "sightings": "projections",
    "sights": "visibility",
    "spine": "tables",
    "telling": "household_events",
    "trace": "fingerprint",
    "vault": "envelope_encryption",
    "wires": "partition_senders",
}


def modules(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        yield from (path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


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
    paths = list(modules("services", "shared", "cli", "deploy"))
    named = [str(path) for path in paths if path.stem == word]
    named += [f"{path}: {name}" for path in paths for name in classes(path) if name.lower() == word]
    assert named == [], f"the word is {REPLACED[word]}"
