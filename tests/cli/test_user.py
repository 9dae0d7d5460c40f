"""Tests the commands of `dayar user` as a person types them at a terminal, and their output."""

import os
from unittest.mock import patch
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli import user
from tests import preloaded
from tests.installation import Installation

pytestmark = pytest.mark.usefixtures("cheap_hashes")

FIRST_PASSWORD = "rather long words\n" * 2


def test_a_team_id_is_listed_whole_on_a_terminal_of_80_columns(shared_installation: Installation) -> None:
    """Only this output shows a team's id, which a person needs to add an account to the team."""
    team = str(uuid4())
    added = dayar(shared_installation, "add", f"a-long-name-{team}", "--role", "field", "--team", team)
    assert added.exit_code == 0, added.output
    env = {**shared_installation.env(), "PATH": os.environ["PATH"], "COLUMNS": "80"}
    listed = preloaded.run("cli", "user", "list", env=env)
    assert listed.returncode == 0 and team in listed.stdout


def test_spaces_around_a_name_are_removed(shared_installation: Installation) -> None:
    """Without the spaces around a name, the person can sign in, and `disable` finds the account."""
    name = f"aida-{uuid4()}"
    assert dayar(shared_installation, "add", f" {name} ", "--role", "viewer").exit_code == 0
    assert "already" in dayar(shared_installation, "add", name, "--role", "viewer").output
    assert dayar(shared_installation, "disable", name).exit_code == 0


def test_an_account_of_another_system_needs_no_password(shared_installation: Installation) -> None:
    name = f"meteo-{uuid4()}"
    added = dayar(shared_installation, "add", name, "--role", "integration", "--source", "hydromet")
    assert added.output.endswith(f"It uses a token: dayar user token {name}\n")
    assert "Password" not in added.output
    assert f"{name}: active" in dayar(shared_installation, "list").output.splitlines()
    for source in ("field", "cmc"):
        refused = dayar(shared_installation, "change", name, "--source", source)
        assert f"No account may be given the source {source}" in refused.output


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "tab\tbed"])
def test_a_name_that_cannot_be_typed_is_refused(shared_installation: Installation, name: str) -> None:
    assert dayar(shared_installation, "add", name, "--role", "viewer").exit_code == 1


def dayar(installation: Installation, *words: str) -> Result:
    with patch.dict(os.environ, installation.env()):
        return CliRunner().invoke(user.app, words, input=FIRST_PASSWORD)


def test_the_list_is_readable_in_80_columns(shared_installation: Installation) -> None:
    name = f"duty-{uuid4()}"
    roles = [word for role in ("operator", "duty_head", "registrar") for word in ("--role", role)]
    areas = [word for area in ("KG05258000000", "KG06226000000", "KG05236000000") for word in ("--area", area)]
    organisation = "Crisis Management Center of the Ministry of Emergency Situations, second shift"
    dayar(shared_installation, "add", name, *roles, *areas, "--organisation", organisation)
    listed = dayar(shared_installation, "list").output.splitlines()
    assert max(map(len, listed)) <= 80
    (own,) = [number for number, line in enumerate(listed) if name in line]
    assert listed[own] == f"{name}: must change the password"
    assert listed[own + 1] == "  roles: duty_head, operator, registrar"
