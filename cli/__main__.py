"""The `dayar` command line. The module of a group of commands is imported only if a command of the group is called."""

import sys
from importlib import import_module
from socket import gaierror
from typing import Any

import typer
from typer.core import TyperGroup

from cli import acts, environment
from shared import log
from shared.config import BadSettings

OF_NONE = ("contract", "provision", "restore")  # commands that use no running installation
GROUPS = (
    "alert",
    "audit",
    "backup",
    "contract",
    "dead",
    "demo",
    "directory",
    "feed",
    "grant",
    "held",
    "keys",
    "places",
    "policy",
    "provision",
    "receiver",
    "restore",
    "roster",
    "silence",
    "sites",
    "status",
    "telegram",
    "template",
    "user",
    "watch",
)


class Groups(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return [*GROUPS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        group = typer.main.get_command(import_module(f"cli.{cmd_name}").app)
        group.name = cmd_name
        return group


app = typer.Typer(cls=Groups, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def dayar(context: typer.Context) -> None:
    """Dayar's commands.

    The commands use the installation that DATABASE_URL and similar settings name, or the installation of `make run`.
    """
    if context.invoked_subcommand not in OF_NONE:
        environment.load()


def main() -> None:
    log.configure("dayar", stream=sys.stderr)  # logs go to stderr, because standard output is only for results
    try:
        acts.noted([name for name in GROUPS if name not in OF_NONE], app)
    except (ConnectionError, TimeoutError, gaierror):
        sys.exit("The installation's PostgreSQL does not answer. Start it (make run), and try again.")
    except BadSettings as error:
        sys.exit(str(error))
    except PermissionError as error:
        sys.exit(f"{error.filename} is closed to you. Try again as the user whose installation it is.")


if __name__ == "__main__":
    main()
