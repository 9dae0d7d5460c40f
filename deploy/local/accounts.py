"""Creates the first accounts of an installation on this machine."""

import os

from deploy import environment
from deploy.local.stack import Stack
from deploy.provision import accounts
from services.console.config import ConsoleSettings


async def make(stack: Stack) -> None:
    """Accounts that exist already are kept."""
    with environment.replaced(stack.env()):
        settings = ConsoleSettings().for_service("console")
    if stack.options.admin_password:
        # `accounts.make` reads this variable and then deletes the variable.
        os.environ["DAYAR_ADMIN_PASSWORD"] = stack.options.admin_password
    await accounts.make(settings, stack.folders.state)
