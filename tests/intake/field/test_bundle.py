"""The library in the checkout equals a new bundle of the locked packages. Nobody has to trust a copied file."""

import os
import subprocess
from pathlib import Path

from deploy.local.paths import ROOT
from services.intake.field import pages

BUNDLE = pages.STATIC / "hpke.js"


def test_the_bundle_is_made_from_the_locked_packages(tmp_path: Path) -> None:
    made = tmp_path / "hpke.js"
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = ["npm", "run", "--silent", "hpke", "--", f"--outfile={made}"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, check=True, timeout=60)
    assert made.read_bytes() == BUNDLE.read_bytes()
