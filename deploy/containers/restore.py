"""`python -m deploy.containers.restore NAME < KEY` restores a backup into the volumes, the database and the log.

The servers must be running, and no service may be running.
"""

import asyncio
import os
import signal
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
from deploy.containers.provision import DATABASE, make_topics, of_services, server
from deploy.containers.volumes import variable
from shared.config import BadSettings, Settings

PASSWORDS = ("kafka", "database", "valkey")  # a restore keeps the servers' present passwords
STAGING = Path("/staging")  # a folder on disk, because a backup may not fit into memory


def main(backup: str) -> None:
    os.umask(0o077)
    # SIGTERM then acts like Ctrl-C: Python removes the folder with the decrypted files
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    identities = archive.identities_in(sys.stdin.read(), "standard input")
    with source(backup) as file, TemporaryDirectory(dir=STAGING) as staging:
        opened = restoring.open_backup(file, identities, Path(staging))
        asyncio.run(dump.check_free(server(os.environ[variable("database-admin")]), DATABASE))
        folders = BackupSettings().folders
        aside = restoring.put_back(opened.folder / FILES, folders, datetime.now(UTC), stays=PASSWORDS)
        os.environ.update(start.installation())  # sets DAYAR_EXERCISE from the restored exercise mark
        report = asyncio.run(fill(Installation.read(Settings(), BackupSettings(), AdminSettings()), opened))
        noted()
        restoring.finish(folders)
        print(conclusion(opened, report, "the volumes", aside))


async def fill(installation: Installation, opened: Opened) -> Report:
    report = await restoring.restore_database(installation, opened, of_services("database"))
    passwords: dict[str, Any] = {name: os.environ[f"KAFKA_{name}_PASSWORD"] for name in ("ADMIN", "INTEGRATOR")}
    await asyncio.to_thread(make_topics, installation.settings, passwords["ADMIN"], passwords["INTEGRATOR"])
    await restoring.rejoin_log(installation, opened, report)
    return report


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (BadSettings, Refused) as error:
        sys.exit(str(error))
