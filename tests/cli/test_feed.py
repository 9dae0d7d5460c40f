"""Tests the command `dayar feed KIND FILE` in a separate process."""

import os
from pathlib import Path

from tests import preloaded
from tests.installation import Installation
from tests.intake.feeds.documents import document, feature


def run(installation: Installation, file: Path, *options: str, kind: str = "usgs") -> tuple[int, str]:
    env = {"PATH": os.environ["PATH"], **installation.env()}
    done = preloaded.run("cli", "feed", kind, str(file), *options, env=env)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_command_prints_the_result_of_each_entry(tables: Installation, tmp_path: Path) -> None:
    file = tmp_path / "own.geojson"
    file.write_bytes(document(feature(), feature("us2", type="quarry blast"), feature("us3", at=(0.0, 0.0))))

    code, output = run(tables, file)

    assert code == 0, output
    assert "3 entries" in output
    assert "1 │ published" in output
    assert "1 │ not a hazard" in output
    assert "1 │ out of area" in output


def test_a_file_that_is_not_a_feed_is_refused_with_its_reason(tables: Installation, tmp_path: Path) -> None:
    file = tmp_path / "own.geojson"
    file.write_text("[]")

    code, output = run(tables, file)

    assert code == 1
    assert "not an object" in output
    assert "no such file" in run(tables, tmp_path / "none")[1].lower()


def test_a_name_that_no_source_can_have_is_refused(tables: Installation, tmp_path: Path) -> None:
    file = tmp_path / "own.geojson"
    file.write_bytes(document(feature()))
    for name in ("Кыргызгидромет", "cmc"):
        code, output = run(tables, file, "--source", name)
        assert (code, "--source" in output) == (2, True), output


def test_an_unknown_kind_is_refused_with_the_known_ones(tables: Installation, tmp_path: Path) -> None:
    code, output = run(tables, tmp_path / "none", kind="emsc")
    assert (code, "one of usgs is expected" in output) == (2, True), output
