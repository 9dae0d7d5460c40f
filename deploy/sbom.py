"""`make sbom` writes an installation's software bill of materials (CycloneDX 1.6, JSON) from the lock files."""

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from deploy.local import jars, paths

IN_BROWSERS = ("@hpke/core", "maplibre-gl", "@fontsource/noto-sans", "pmtiles", "uplot")
LOCKS = ("run", "uv")  # the libraries of every image, and uv, which builds the images


def main() -> None:
    bom = Bom(components=components())
    bom.metadata.component = product()
    bom.register_dependency(bom.metadata.component, bom.components)
    file = Path(sys.argv[1])
    file.write_text(JsonV1Dot6(bom).output_as_string(indent=1), encoding="utf-8")
    print(f"{file}: {len(bom.components)} components")


def product() -> Component:
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Component(name=project["name"], version=project["version"], type=ComponentType.APPLICATION)


def components() -> list[Component]:
    libraries = (*python(paths.ROOT / "requirements"), *kafka(), *bundled())
    return list({str(library.purl): library for library in libraries}.values())


def python(folder: Path) -> Iterator[Component]:
    for lock in LOCKS:
        for line in (folder / f"{lock}.txt").read_text(encoding="utf-8").splitlines():
            if "==" in line and not line.lstrip().startswith(("#", "--")):
                pin = Requirement(line.rstrip("\\ "))
                (version,) = pin.specifier
                yield _library("pypi", pin.name, version.version)


def kafka() -> Iterator[Component]:
    for jar in jars.locked():
        group, name, version = jar.coordinate.split(":")
        yield _library("maven", name, version, group=group, sha256=jar.sha256)


def bundled() -> Iterator[Component]:
    """Includes the packages that are compiled into the files that browsers load."""
    packages = json.loads((paths.ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name in compiled_into(IN_BROWSERS, packages):
        group, _, own = name.rpartition("/")
        yield _library("npm", own, packages[f"node_modules/{name}"]["version"], group=group or None)


def compiled_into(names: Iterable[str], packages: dict[str, Any]) -> list[str]:
    """Includes all packages on which these packages depend."""
    known, waiting = dict[str, None](), list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in known:
            known[name] = None
            waiting += packages[f"node_modules/{name}"].get("dependencies", {})
    return list(known)


def _library(kind: str, name: str, version: str, *, group: str | None = None, sha256: str | None = None) -> Component:
    return Component(
        name=name,
        version=version,
        group=group,
        type=ComponentType.LIBRARY,
        purl=PackageURL(kind, group, name, version),
        bom_ref=f"{kind}:{group or ''}:{name}:{version}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else [],
    )


if __name__ == "__main__":
    main()
