"""`make clean-state`: removes an installation, after asking."""

import os
import shutil
import sys
from pathlib import Path

from deploy.local.options import Options
from deploy.local.process import end_orphans
from deploy.local.state import StateBusy, held, is_ours


def main() -> int:
    root = Options.read(os.environ).root
    found = [folder for folder in (root / "demo", root / "main") if is_ours(folder)]
    if not found:
        print(f"There is no state in {root}.")
        return 0
    for folder in found:
        print(f"{folder} holds everything this installation ever recorded. Removed, it is gone.")
        if input("Type its name (demo or main) to remove it: ").strip() != folder.name:
            print("Kept.")
            continue
        _remove(folder)
        print("Removed.")
    return 0


def _remove(folder: Path) -> None:
    with held(folder.parent, exercise=folder.name == "demo", kafka_port=None) as (folders, _installation):
        end_orphans(folders.run)
        shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EOFError, KeyboardInterrupt):
        sys.exit("Kept.")
    except StateBusy as error:
        sys.exit(str(error))
