"""The first accounts of an installation on this machine."""

import os
from unittest.mock import patch

from deploy.local.stack import Stack
from deploy.provision import accounts
from services.console.config import ConsoleSettings


async def make(stack: Stack) -> None:
    """Where there is none yet."""
    with patch.dict(os.environ, stack.env(), clear=True):
        settings = ConsoleSettings().for_service("console")
    if stack.options.admin_password:
        os.environ["DAYAR_ADMIN_PASSWORD"] = stack.options.admin_password  # read and removed there
    await accounts.make(settings, stack.folders.state)
