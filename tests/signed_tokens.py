"""Signs tokens with the key of the test's installation."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from shared.auth.role_groups import CMC
from shared.auth.signer import Signer
from shared.auth.tokens import Principal, Role
from shared.events.vocabulary import SubmissionChannel


def signed_token(
    secrets: Path,
    *,
    roles: Iterable[Role | str] = (),
    areas: Iterable[str] = ("KG",),
    team: UUID | None = None,
    channel: SubmissionChannel | str = SubmissionChannel.API,
    sources: Iterable[str] = (),
    account: UUID | None = None,
    expires_in: float = 3600,
    **claims: Any,
) -> str:
    """Returns a token like those of the console.

    A token of an operator or duty head states a purpose. `claims` can replace the purpose.
    """
    if "purpose" not in claims and CMC.intersection(roles):
        claims["purpose"] = "assistance: a test"
    now = int(time.time())
    return Signer(secrets / "tokens" / "private.pem").sign(
        Principal(
            account=account or uuid4(),
            jti=uuid4(),
            issued_at=now - 1,
            expires_at=int(now + expires_in),
            team=team,
            roles=frozenset(map(Role, roles)),
            areas=tuple(areas),
            sources=frozenset(sources),
            channel=SubmissionChannel(channel),
            **claims,
        )
    )
