"""A backup put back into the volumes, the database and the log, with the servers up and no service yet: `python -m deploy.containers.restore NAME < KEY`."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.restore import conclusion, noted, source
from deploy.backup import archive, dump, restoring
from deploy.backup.making import FILES
from deploy.backup.messages import Refused
from deploy.backup.restoring import Opened, Report
from deploy.backup.settings import AdminSettings, BackupSettings, Installation
from deploy.containers import start
from deploy.containers.provision import make_topics, of_services
from shared.config import Settings

PASSWORDS = ("kafka", "database", "valkey")  # as the servers know them now
STAGING = Path("/staging")  # a volume, as memory would be too small


def main(backup: str) -> None:
    os.umask(0o077)
    identities = archive.identities_in(sys.stdin.read(), "standard input")
    with source(backup) as file, TemporaryDirectory(dir=STAGING) as staging:
        opened = restoring.open_backup(file, identities, Path(staging))
        folders = BackupSettings().folders
        aside = restoring.put_back(opened.folder / FILES, folders, datetime.now(UTC), stays=PASSWORDS)
        os.environ.update(start.installation())  # its mark came with the backup
        report = asyncio.run(fill(Installation.read(Settings(), BackupSettings(), AdminSettings()), opened))
        noted()
        restoring.finish(folders)
        print(conclusion(opened, report, "the volumes", aside))


async def fill(installation: Installation, opened: Opened) -> Report:
    await dump.check_free(installation.server, installation.database)
    report = await restoring.restore_database(installation, opened, of_services("database"))
    passwords: dict[str, Any] = {name: os.environ[f"KAFKA_{name}_PASSWORD"] for name in ("ADMIN", "INTEGRATOR")}
    await asyncio.to_thread(make_topics, installation.settings, passwords["ADMIN"], passwords["INTEGRATOR"])
    await restoring.rejoin_log(installation, opened, report)
    return report


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Refused as error:
        sys.exit(str(error))
