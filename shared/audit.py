"""The security log: who did or tried what, from which address, and with which result.

The security log contains no personal data.

Each service writes its own table `audit`. A service can add and read rows, but cannot change or remove rows, because
the table belongs to the role `dayar_audit`. Provisioning gives the table to this role. Entries also go to the process's
log, as `"log": "security"`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Table, Text, Uuid, func, insert
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import HTTPConnection

from shared import log
from shared.auth.tokens import Principal
from shared.failures import is_postgresql_unavailable
from shared.postgres.models import Base

WRITE_SECONDS = 2.0  # A refused request waits at most this long for PostgreSQL to store the entry.


class Action(StrEnum):
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    LOCKED_OUT = "locked_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an action's name, no password
    TOKEN_ISSUED = "token_issued"  # noqa: S105
    SESSION_RENEWED = "session_renewed"
    ACCOUNT_ADDED = "account_added"
    RIGHTS_CHANGED = "rights_changed"
    ACCOUNT_CHANGED = "account_changed"  # a change of data that no token contains, such as the telephone
    LINK_ISSUED = "link_issued"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    DEVICE_FORGOTTEN = "device_forgotten"
    PURPOSE_CHOSEN = "purpose_chosen"
    REQUESTED = "requested"  # a refused call: the account has no role that may call the route
    READ = "read"
    EXPORTED = "exported"
    STREAMED = "streamed"
    HELD_ACCEPTED = "held_accepted"
    HELD_REFUSED = "held_refused"
    HELD_ASSIGNED = "held_assigned"
    ACCEPTANCE_REVERSED = "acceptance_reversed"
    DUPLICATES_ANSWERED = "duplicates_answered"
    DUPLICATES_ASSIGNED = "duplicates_assigned"
    COUNTS_CHOSEN = "counts_chosen"
    COUNTS_ASSIGNED = "counts_assigned"
    EVENTS_ANSWERED = "events_answered"
    EVENTS_ASSIGNED = "events_assigned"
    PLACES_DECIDED = "places_decided"
    PLACES_ASSIGNED = "places_assigned"
    LETTERS_ASSIGNED = "letters_assigned"
    LETTERS_REFUSED = "letters_refused"
    REDRIVEN = "redriven"
    SHORT_CODE_DRAWN = "short_code_drawn"
    SITE_CHANGED = "site_changed"
    RECEIVER_CHANGED = "receiver_changed"
    POLICY_CHANGED = "policy_changed"
    ROSTER_CHANGED = "roster_changed"
    SILENCE_CHANGED = "silence_changed"
    SHIFT_HANDED_OVER = "shift_handed_over"  # objects: the id of the handover, and the account that took over
    TEMPLATES_CHANGED = "templates_changed"
    DUTY_NUMBERS_CHANGED = "duty_numbers_changed"
    SHEET_SENT = "sheet_sent"
    HAZARD_RELEASED = "hazard_released"
    RELEASE_WITHDRAWN = "release_withdrawn"
    BOUND = "bound"  # an account was linked to the person's identity in a channel, such as a Telegram user
    UNBOUND = "unbound"
    SMS_IGNORED = "sms_ignored"  # after ten wrong codes from a number, its messages are ignored for an hour
    COMMAND = "command"


class Result(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the security log.

    `subject` is a route, a command or a topic; `objects` are the ids of the affected records; `reason` is the code of a
    refusal or a stated purpose.
    """

    action: Action
    result: Result = Result.DONE
    account: UUID | None = None
    token: UUID | None = None
    address: str | None = None
    subject: str | None = None
    objects: Sequence[UUID] = ()
    reason: str | None = None


AUDIT = Table(
    "audit",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    Column("action", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("account", Uuid),
    Column("token", Uuid),
    Column("address", Text),
    Column("subject", Text),
    Column("objects", ARRAY(Uuid), nullable=False, server_default="{}"),
    Column("reason", Text),
)


def entry_of(request: HTTPConnection, action: Action, **more: Any) -> Entry:
    principal: Principal | None = request.scope.get("principal")
    known: dict[str, Any] = {
        "account": principal.account if principal else None,
        "token": principal.jti if principal else None,
        "address": request.client.host if request.client else None,
        "subject": f"{request.scope.get('method', 'GET')} {request.scope.get('dayar.route', '?')}",
    }
    return Entry(action=action, **{**known, **more})


async def add(session: AsyncSession, *entries: Entry) -> None:
    """Write entries in the caller's transaction, together with the action."""
    if entries:
        await insert_all(session, entries)
        for entry in entries:
            tell(entry)


async def write(sessions: async_sessionmaker[AsyncSession] | None, *entries: Entry) -> None:
    """Write entries to the log.

    Also store the entries in a transaction of their own, if PostgreSQL is available. This function is for entries
    without a transaction, for example about refused requests.
    """
    for entry in entries:
        tell(entry)
    if sessions is None:
        return
    try:
        async with asyncio.timeout(WRITE_SECONDS), sessions.begin() as session:
            await insert_all(session, entries)
    except Exception as error:
        if not is_postgresql_unavailable(error):
            raise
        log.get().error("audit entry not written", **log.described(error))


async def insert_all(session: AsyncSession, entries: Sequence[Entry]) -> None:
    await session.execute(insert(AUDIT), [asdict(entry) for entry in entries])


def tell(entry: Entry) -> None:
    """Log an entry, without the free text of a stated purpose. Only the table contains the text of a purpose."""
    entry = replace(entry, reason=entry.reason and entry.reason.partition(": ")[0])
    known = {name: value for name, value in asdict(entry).items() if value not in (None, ())}
    log.get().info("security", log="security", **{name: shown(value) for name, value in known.items()})


def shown(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else str(value)


__all__ = ["AUDIT", "Action", "Entry", "Result", "add", "entry_of", "insert_all", "write"]
