"""The bill of materials names every library that an installation uses.

Libraries that only developers install are not in the bill of materials.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.local import paths


@pytest.fixture(scope="module")
def bom(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file: Path = tmp_path_factory.mktemp("sbom") / "sbom.json"
    subprocess.run([sys.executable, "-W", "error", "-m", "deploy.sbom", str(file)], cwd=paths.ROOT, check=True)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_sbom_is_cyclonedx_of_this_product(bom: dict[str, Any]) -> None:
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    product = bom["metadata"]["component"]
    assert product["name"] == "dayar"
    assert f'version = "{product["version"]}"' in (paths.ROOT / "pyproject.toml").read_text()


def test_product_depends_on_every_component(bom: dict[str, Any]) -> None:
    product = bom["metadata"]["component"]["bom-ref"]
    (depends_on,) = [entry["dependsOn"] for entry in bom["dependencies"] if entry["ref"] == product]
    assert set(depends_on) == {component["bom-ref"] for component in bom["components"]}


def test_sbom_names_each_locked_library_of_python_and_kafka(bom: dict[str, Any]) -> None:
    named = {component["purl"] for component in bom["components"]}
    pins = re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (paths.ROOT / "requirements/run.txt").read_text(), re.MULTILINE)
    assert len(pins) > 60
    assert {f"pkg:pypi/{name}@{version}" for name, version in pins} <= named
    assert "pkg:maven/org.apache.kafka/kafka_2.13@4.3.1" in named


def test_sbom_leaves_out_what_only_developers_have(bom: dict[str, Any]) -> None:
    names = {component["name"] for component in bom["components"]}
    assert names.isdisjoint({"pytest", "mypy", "ruff", "typescript", "pip-audit", "moto"})


def test_jars_of_kafka_carry_their_checksum(bom: dict[str, Any]) -> None:
    jars = [component for component in bom["components"] if component["purl"].startswith("pkg:maven/")]
    assert all(component["hashes"][0]["alg"] == "SHA-256" for component in jars)


def test_sbom_names_the_libraries_that_browsers_load_and_what_is_compiled_into_them(bom: dict[str, Any]) -> None:
    named = {component["purl"].partition("@1")[0] for component in bom["components"]}
    assert {"pkg:npm/%40hpke/common", "pkg:npm/%40hpke/core"} <= named
    named = {component["purl"].rpartition("@")[0] for component in bom["components"]}
    assert {"pkg:npm/maplibre-gl", "pkg:npm/earcut", "pkg:npm/%40fontsource/noto-sans"} <= named
    assert {"pkg:npm/pmtiles", "pkg:npm/fflate"} <= named
