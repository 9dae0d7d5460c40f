"""`make audit` checks the Python libraries of an installation for known vulnerabilities with `pip-audit`.

If no vulnerability feed answers, the command prints that it checked nothing.
"""

import json
import subprocess
import sys

from deploy.local import paths

FOUND = 1
LOCKS = ("run", "uv")  # the libraries for `make run`, and uv, which builds the images
OPTIONS = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10")


def main() -> int:
    files = [word for lock in LOCKS for word in ("--requirement", f"requirements/{lock}.txt")]
    done = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "pip_audit", *files, *OPTIONS],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        libraries = json.loads(done.stdout)["dependencies"]
    except ValueError:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"NOT CHECKED: no feed of vulnerabilities answered pip-audit, so nothing is known. {why}")
        return 0
    vulnerable = [library for library in libraries if library.get("vulns")]
    for library in vulnerable:
        for known in library["vulns"]:
            print(
                f"{library['name']} {library['version']}: {known['id']}, fixed in "
                f"{', '.join(known['fix_versions']) or 'none yet'}"
            )
    print(
        f"{len(libraries)} Python libraries checked, {len(vulnerable)} with known vulnerabilities. "
        "Kafka's jars are not checked."
    )
    return FOUND if vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
