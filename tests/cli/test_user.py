"""`dayar user list`, as a person reads it."""

import os
import subprocess
import sys
from uuid import uuid4

from deploy.local import homes
from tests.installation import Installation


def test_a_team_is_listed_whole_on_a_terminal_of_80_columns(shared_installation: Installation) -> None:
    """It is nowhere else, and whoever joins the team is added by it."""
    team = str(uuid4())
    name = f"field-of-a-long-name-{team}"
    env = {**shared_installation.env(), "PATH": os.environ["PATH"], "COLUMNS": "80"}
    dayar = [sys.executable, "-m", "cli", "user"]
    subprocess.run(
        [*dayar, "add", name, "--role", "field", "--team", team], input="rather long words\n" * 2, env=env,
        cwd=homes.ROOT, check=True, text=True, capture_output=True,
    )  # fmt: skip
    listed = subprocess.run([*dayar, "list"], env=env, cwd=homes.ROOT, check=True, text=True, capture_output=True)
    assert team in listed.stdout
