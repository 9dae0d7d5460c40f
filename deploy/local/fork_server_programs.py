"""The programs that the fork servers of an installation import."""

import os

from deploy.local.users import OPENER, User
from deploy.local.users import SERVICES as SERVICES_USER
from shared.events.topics import SERVICES

PRELOADED = {
    SERVICES_USER: ("deploy.local.web", *(f"services.{service}" for service in SERVICES if service != "registry")),
    OPENER: ("services.registry",),
}


def preloaded(user: User | None) -> list[str]:
    """`None` stands for the user that started the stack.

    If any other user started the stack, that user runs all programs. If root started the stack, root runs only the
    nightly backup, which needs no fast start.
    """
    if user is None and os.geteuid() == 0:
        return []
    return [program for owner, programs in PRELOADED.items() if user in (owner, None) for program in programs]
