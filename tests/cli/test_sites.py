"""`dayar sites import` checks a file of sites, adds each site once, and returns refused rows with reasons."""

import csv
import os
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli import sites, user
from services.registry.sites import sheets as site_sheets
from tests.installation import Installation

pytestmark = pytest.mark.usefixtures("cheap_hashes")

KADAMJAI = "KG05258000000"


@pytest.fixture
def desk(shared_installation: Installation) -> str:
    name = f"registrar-{uuid4()}"
    added = run(shared_installation, user.app, "add", name, "--role", "registrar", "--area", "KG05000000000")
    assert added.exit_code == 0, added.output
    return name


def run(installation: Installation, app: object, *words: object) -> Result:
    with patch.dict(os.environ, installation.env()):
        return CliRunner().invoke(app, [str(word) for word in words], input="rather long words\n" * 2)  # type: ignore[arg-type]


def test_a_file_is_tried_then_added_and_adds_nothing_again(
    shared_installation: Installation, desk: str, tmp_path: Path
) -> None:
    school, bad = f"Школа {uuid4()}", tmp_path / "bad.csv"
    file = tmp_path / "sites.csv"
    file.write_text(
        f"name_ru,type,pcode,capacity,person_in_charge\n{school},school,{KADAMJAI},250,Бурул\n,school,{KADAMJAI},,\n"
        f"Ошская школа,school,KG06226000000,,\n",
        encoding="utf-8",
    )
    words = ("import", file, "--by", desk)
    trial = run(shared_installation, sites.app, *words, "--dry-run")
    assert trial.exit_code == 0, trial.output
    assert "added: 1, known: 0, differs: 0, refused: 2 (dry run)" in trial.output
    added = run(shared_installation, sites.app, *words, "--bad-rows", bad)
    assert "added: 1, known: 0, differs: 0, refused: 2\n" in added.output
    assert "line 4: refused  Ошская школа  (pcode: the P-code of a unit in your areas)" in added.output
    assert "Бурул" not in added.output
    again = run(shared_installation, sites.app, *words)
    assert "added: 0, known: 1, differs: 0, refused: 2" in again.output
    with bad.open(encoding="utf-8-sig", newline="") as rows:
        refused = list(csv.DictReader(rows))
    assert [row["name_ru"] for row in refused] == ["", "Ошская школа"]
    assert refused[0]["reasons"] == "a name in at least one language is expected"
    assert len(site_sheets.read(bad.read_bytes()).rows) == 2  # the file of refused rows is itself a valid import file


def test_an_oblast_is_no_district_of_a_site(shared_installation: Installation, desk: str, tmp_path: Path) -> None:
    file = tmp_path / "sites.csv"
    file.write_text(f"name_ru,type,pcode\nШкола {uuid4()},school,KG05000000000\n", encoding="utf-8")
    refused = run(shared_installation, sites.app, "import", file, "--by", desk, "--dry-run")
    assert "added: 0, known: 0, differs: 0, refused: 1 (dry run)" in refused.output


@pytest.mark.parametrize("content", [b"", b"name,kind\n", b"\x00"])
def test_another_file_is_refused_with_a_sentence(
    shared_installation: Installation, desk: str, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "sites.csv"
    file.write_bytes(content)
    refused = run(shared_installation, sites.app, "import", file, "--by", desk)
    assert refused.exit_code == 1
    assert "The file is no sheet of sites." in refused.output
