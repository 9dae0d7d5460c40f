"""Accounts, and principals. A principal is the identity and the rights in an account's token."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Self
from uuid import UUID, uuid4

from services.console.models import Account
from shared.auth.tokens import Principal, Role, seconds
from shared.country import COUNTRY
from shared.events import CENTRE, OF_PEOPLE
from shared.events.vocabulary import SubmissionChannel

PERSON = timedelta(hours=12)
IDLE = timedelta(minutes=30)
DEVICE = timedelta(days=365)
SCREEN = timedelta(days=7)
INTEGRATION = timedelta(days=90)
FIRST_PASSWORD = timedelta(hours=1)
CMC_SOURCE = CENTRE

ENTERS_HAZARDS = frozenset({Role.OPERATOR, Role.DUTY_HEAD})
FIELD_ONLY = frozenset({Role.FIELD})
VIEWER_ONLY = frozenset({Role.VIEWER})


class AccountNotFound(LookupError):
    """No account has this name."""


class NameTaken(ValueError):
    """An account with this name exists already."""


class SourceOfPeople(ValueError):
    """Only the centre and its field teams may have this source, because reports with this source count as theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails:
    """`sources` does not contain the centre's own source."""

    roles: frozenset[Role]
    areas: tuple[str, ...]
    sources: tuple[str, ...] = ()
    team: UUID | None = None
    organisation: str | None = None
    post: str | None = None
    language: str | None = None

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            roles=frozenset(map(Role, account.roles)),
            areas=tuple(account.areas),
            sources=tuple(source for source in account.sources if source != CMC_SOURCE),
            team=account.team,
            organisation=account.organisation,
            post=account.post,
            language=account.language,
        )


def new(
    name: str,
    roles: frozenset[Role],
    now: datetime,
    *,
    areas: tuple[str, ...] = (COUNTRY,),
    team: UUID | None = None,
    organisation: str | None = None,
    post: str | None = None,
    language: str | None = None,
    sources: tuple[str, ...] = (),
    password_hash: str | None = None,
    must_change: bool = False,
    password_until: datetime | None = None,
) -> Account:
    """An account that may enter hazards also gets the centre's own source. Raises SourceOfPeople."""
    return Account(
        account_id=uuid4(),
        name=name,
        organisation=organisation,
        post=post,
        language=language,
        telephone=None,
        team=team,
        roles=sorted(roles),
        areas=list(areas),
        sources=all_sources(roles, sources),
        password_hash=password_hash,
        must_change=must_change,
        password_until=password_until,
        password_changed_at=now,
        disabled_at=None,
        tokens_valid_from=None,
        created_at=now,
        hazard_areas=[],
    )


def all_sources(roles: frozenset[Role], sources: Iterable[str]) -> list[str]:
    own = frozenset({CMC_SOURCE} if roles & ENTERS_HAZARDS else ())
    foreign = OF_PEOPLE.intersection(sources) - own
    if foreign:
        raise SourceOfPeople(", ".join(sorted(foreign)))
    return sorted(own.union(sources))


def change(account: Account, details: AccountDetails) -> None:
    """The new roles decide whether the account may report under the source of the centre.

    A field account without a team gets a new team. Raises SourceOfPeople.
    """
    sources = all_sources(details.roles, details.sources)  # before all changes, because this call can raise an error
    account.roles = sorted(details.roles)
    account.areas = list(details.areas)
    account.sources = sources
    account.team = details.team or (uuid4() if Role.FIELD in details.roles else None)
    account.organisation, account.post, account.language = details.organisation, details.post, details.language
    if not is_integration(account):
        account.hazard_areas = []


def rights(account: Account) -> dict[str, Any]:
    """If one of these values changes, the account's tokens end."""
    return {name: getattr(account, name) for name in ("roles", "areas", "sources", "team", "organisation")}


def is_integration(account: Account) -> bool:
    return account.roles == [Role.INTEGRATION]


def is_administrator(account: Account, now: datetime) -> bool:
    has_password = account.password_hash is not None
    return Role.ADMINISTRATOR in account.roles and has_password and may_sign_in(account, now)


def may_sign_in(account: Account | None, now: datetime) -> bool:
    if account is None or account.disabled_at is not None:
        return False
    return account.password_until is None or now < account.password_until


def state(account: Account) -> str:
    """Returns a text that changes with the password, and with each revocation of the account's tokens."""
    valid_from = account.tokens_valid_from.timestamp() if account.tokens_valid_from else None
    return sha256(f"{account.password_hash} {valid_from}".encode()).hexdigest()


def principal(
    account: Account, now: datetime, *, device: UUID | None = None, without: frozenset[Role] = frozenset()
) -> Principal:
    """A new sign-in is valid for a year on a device, and for 30 minutes in a browser."""
    roles = frozenset(map(Role, account.roles)) - without
    is_device = device is not None or roles == FIELD_ONLY
    return Principal(
        account=account.account_id,
        jti=uuid4(),
        issued_at=seconds(now),
        expires_at=seconds(now + (DEVICE if is_device else IDLE)),
        signed_in_at=seconds(now),
        name=account.name,
        organisation=account.organisation,
        team=account.team,
        roles=roles,
        areas=tuple(account.areas),
        sources=frozenset(account.sources),
        channel=SubmissionChannel.FIELD if is_device else SubmissionChannel.CONSOLE,
        device=(device or uuid4()) if is_device else None,
    )


def may_renew(account: Account | None, current: Principal) -> bool:
    """The account's state comes from PostgreSQL, because a revocation may not have reached this process yet."""
    if account is None or account.disabled_at is not None:
        return False
    began_at = current.signed_in_at or current.issued_at
    return account.tokens_valid_from is None or began_at >= account.tokens_valid_from.timestamp()


def renewed(current: Principal, account: Account, now: datetime, *, is_wall: bool = False) -> Principal:
    """The sign-in gets the account's present rights.

    A browser's session is valid for another 30 minutes, and ends 12 hours after its start. A device's sign-in is valid
    for another year. An account that can only view is signed in on a wall screen for another seven days.
    """
    fresh = principal(account, now, device=current.device)
    began_at = current.signed_in_at or current.issued_at
    roles = fresh.roles & current.roles  # a renewal never adds a role to a session
    end = fresh.expires_at if fresh.device else min(fresh.expires_at, began_at + int(PERSON.total_seconds()))
    if is_wall and roles == VIEWER_ONLY:
        end = seconds(now + SCREEN)
    return replace(
        fresh,
        jti=current.jti,
        signed_in_at=began_at,
        roles=roles,
        purpose=current.purpose,
        expires_at=max(end, current.expires_at),
    )


def integration(account: Account, now: datetime, purpose: str, life: timedelta = INTEGRATION) -> Principal:
    """Raises SourceOfPeople.

    An earlier version of Dayar may have given the account the source of the centre or of its field teams.
    """
    roles = frozenset(map(Role, account.roles))
    return Principal(
        account=account.account_id,
        jti=uuid4(),
        issued_at=seconds(now),
        expires_at=seconds(now + life),
        name=account.name,
        organisation=account.organisation,
        team=account.team,
        roles=roles,
        areas=tuple(account.areas),
        sources=frozenset(all_sources(roles, account.sources)),
        channel=SubmissionChannel.API,
        purpose=purpose,
    )
