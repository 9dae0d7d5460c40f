"""Certain code may be in one module only: the home of this code.

If another module contains such code, the message of the failed test names the right module.
"""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent


class Home(NamedTuple):
    """Only the module `home` may contain code that matches the pattern `signs`.

    The rule of a `Home` applies to the folders `inside`.
    """

    signs: str
    home: str
    inside: tuple[str, ...] = ("services", "shared", "cli", "deploy")


HOMES = {
    "country codes": Home(r"""["'](KG|ZZ)["']""", "shared/country.py"),
    "time zone": Home(r"Asia/Bishkek|\+06:00|ZoneInfo\(", "shared/country.py"),
    "SOATE codes": Home(r"\b417\b|\bf?[\"']417", "shared/country.py"),
    "AES-GCM": Home(r"\bAESGCM\b", "shared/crypto/aead.py"),
    "a docstring as message": Home(r"\b(self|error|type\((error|self)\))\.__doc__", "shared/errors.py"),
    "exponential back-off": Home(r"\b2(\.0)? ?\*\* ?min|random\.uniform", "shared/failures.py"),
    "units of an area": Home(
        r"\bCOUNTRY in \w*(codes|areas)\b|for unit in places\.units\(\) if", "shared/places/places.py"
    ),
    "the caller's areas": Home(r"None if .*covers_country else|sorted\(\w+\.areas\) if", "shared/auth/tokens.py"),
    "reading a topic without a group": Home(r"auto_offset_reset=\"earliest\"", "shared/messaging/kafka.py"),
    "a command's transaction": Home(
        r"database\.(engine|opened)\(|\.begin\(\) as session", "cli/transactions.py", ("cli",)
    ),
    "an upsert": Home(r"(?<!\+ )\bexcluded[.\[{]", "shared/postgres/upsert.py"),
    "the tasks beside a web app": Home(r"\blifecycle\.beside\(", "shared/wiring.py"),
    "the outbox relay of a worker": Home(r"\bRelay\(", "shared/wiring.py"),
    "waiting in a test": Home(r"\bsleep\((?!0\))", "tests/waiting.py", ("tests",)),
    "an app's authenticator": Home(r"\bAuthenticator\(", "shared/web/apps.py"),
}


def python_files(folders: tuple[str, ...]) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split() if name.endswith(".py") and "/migrations/" not in name]


@pytest.mark.parametrize("fact", HOMES)
def test_only_its_home_contains_it(fact: str) -> None:
    signs, home, folders = HOMES[fact]
    containing = {name for name in python_files(folders) if re.search(signs, (ROOT / name).read_text(encoding="utf-8"))}
    assert containing == {home}, f"{fact}: use {home}"


def fixtures(path: str) -> Iterator[str]:
    """Yields each fixture's code: name, arguments and body, but no decorators and no docstring."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            "fixture" in ast.unparse(decorator) for decorator in node.decorator_list
        ):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield f"{node.name}({ast.unparse(node.args)}): " + "; ".join(map(ast.unparse, body))


def test_no_fixture_is_written_twice() -> None:
    """A fixture that several files need is in a `conftest.py`.

    Only `tests/packages.py` repeats some of these fixtures, for packages.
    """
    files = [name for name in python_files(("tests",)) if name != "tests/packages.py"]
    counts = Counter(fixture for name in files for fixture in fixtures(name))
    assert [fixture for fixture, count in counts.items() if count > 1] == []
