"""Statements use SQLAlchemy. Raw SQL needs a reason: it is measurably faster, or SQLAlchemy lacks a feature."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = [
    path
    for room in ("services", "shared", "deploy", "cli")
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
]
# A comment `# raw SQL:` in the paragraph of a statement gives the statement's reason.
# A comment `# raw SQL throughout:` gives the reason for all statements of its module.
MARKER = re.compile(r"^ *# raw SQL: \w", re.MULTILINE)
THROUGHOUT = re.compile(r"^# raw SQL throughout: \w", re.MULTILINE)
STATEMENT = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|LOCK TABLE|CREATE|ALTER|DROP|TRUNCATE)\s")


def raw_lines(source: str) -> Iterator[int]:
    """Yields the line numbers of raw statements. A line with `noqa: S608` builds a statement from strings."""
    for node in ast.walk(ast.parse(source)):
        strings = node.values if isinstance(node, ast.JoinedStr) else [node]
        first = strings[0] if strings else node
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and STATEMENT.match(first.value):
            yield first.lineno
    for number, line in enumerate(source.splitlines(), start=1):
        if "noqa: S608" in line:
            yield number


def paragraph(lines: list[str], number: int) -> str:
    begin = end = number - 1
    while begin and lines[begin - 1].strip():
        begin -= 1
    while end + 1 < len(lines) and lines[end + 1].strip():
        end += 1
    return "\n".join(lines[begin : end + 1])


def unmarked(source: str) -> list[int]:
    lines = source.splitlines()
    if THROUGHOUT.search(source):
        return []
    return [number for number in raw_lines(source) if not MARKER.search(paragraph(lines, number))]


def test_raw_statements_are_marked_with_a_reason() -> None:
    found = {str(path.relative_to(ROOT)): unmarked(path.read_text(encoding="utf-8")) for path in MODULES}
    assert len(found) > 400
    assert {path: lines for path, lines in found.items() if lines} == {}
