"""Lines of our scripts and style sheets are not wider than Prettier's width.

Prettier itself wraps no comments and texts, so this test looks at them.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIDTH = json.loads((ROOT / ".prettierrc.json").read_text(encoding="utf-8"))["printWidth"]


def formatted() -> list[str]:
    ignored = [line for line in (ROOT / ".prettierignore").read_text(encoding="utf-8").split("\n") if line[:1] != "#"]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.js", "*.css"]
        + [f":!{path}" for path in ignored if path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.split()


def test_no_line_is_too_long() -> None:
    long = [
        f"{name}:{number}"
        for name in formatted()
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").split("\n"), start=1)
        if len(line) > WIDTH
    ]
    assert long == []
