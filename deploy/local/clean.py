"""`make clean-state` removes an installation after the user has confirmed the removal."""

import os
import shutil
import sys
from pathlib import Path

from deploy.local import paths, program_copies
from deploy.local.messages import CannotStart
from deploy.local.options import Options
from deploy.local.process import end_orphans
from deploy.local.staging import remove_abandoned
from deploy.local.state import disk_message, is_ours, locked


def main() -> int:
    root = Options.read(os.environ).root
    remove_abandoned(root)
    folders = [folder for folder in (root / "demo", root / "main") if is_ours(folder)]
    if not folders:
        print(f"There is no state in {root}.")
        return 0
    for folder in folders:
        print(f"{folder} has everything that this installation recorded. Only a backup can bring it back.")
        if input(f"To remove this installation, type its name, {folder.name}: ").strip() != folder.name:
            print("Kept.")
            continue
        _remove(folder)
        print("Removed.")
    return 0


def _remove(folder: Path) -> None:
    # Call `locked`, not `state.held`, which would refuse a folder on a full disk or a folder of another release.
    with locked(folder):
        end_orphans(folder / "run")
        shutil.rmtree(folder)
    if os.geteuid() == 0:
        program_copies.remove_unused(paths.shared_home())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EOFError, KeyboardInterrupt):
        sys.exit("Kept.")
    except CannotStart as error:
        sys.exit(str(error))
    except OSError as error:
        if (message := disk_message(error)) is None:
            raise
        sys.exit(str(message))
