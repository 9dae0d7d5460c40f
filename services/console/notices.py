"""The kinds of notice and the roles that see them."""

from collections.abc import Mapping
from enum import StrEnum

from shared.auth.tokens import Principal, Role


class NoticeKind(StrEnum):
    LOCKOUT = "lockout"


READERS: Mapping[NoticeKind, frozenset[Role]] = {
    NoticeKind.LOCKOUT: frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
}


def kinds_for(principal: Principal) -> list[NoticeKind]:
    return [kind for kind, roles in READERS.items() if not roles.isdisjoint(principal.roles)]
