"""Tests which tokens are accepted, and which are refused. Each request checks whether its token was revoked."""

import os
import time
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import jwt
import pytest
from starlette.requests import HTTPConnection

from shared.auth import signer, tokens
from shared.auth.signer import Signer
from shared.auth.tokens import Authenticator, Principal, RevocationsUnknown, Role, Unauthenticated
from shared.events.vocabulary import SubmissionChannel
from shared.places import Places

ALAI, OSH = "KG06207000000", "KG06000000000"


class RevokedTokens:
    known_since = None

    def __init__(self) -> None:
        self.ids: set[UUID] = set()
        self.is_known = True
        self.readmitted: set[UUID | None] = set()

    def is_readmitted(self, principal: Principal) -> bool:
        return principal.team in self.readmitted

    def is_revoked(self, principal: Principal) -> bool:
        return principal.jti in self.ids


@pytest.fixture
def revoked() -> RevokedTokens:
    return RevokedTokens()


@pytest.fixture
def authenticator(token_keys: Path, revoked: RevokedTokens) -> Authenticator:
    return Authenticator(token_keys / "public", revoked)


def someone(
    *,
    ends_in: int = 600,
    channel: SubmissionChannel = SubmissionChannel.API,
    roles: frozenset[Role] = frozenset({Role.OPERATOR}),
) -> Principal:
    now = int(time.time())
    return Principal(
        account=uuid4(),
        jti=uuid4(),
        issued_at=now - 900,
        expires_at=now + ends_in,
        name="Aida",
        team=uuid4(),
        roles=roles,
        areas=(OSH,),
        sources=frozenset({"cmc"}),
        channel=channel,
        device=uuid4(),
    )


def asking(token: str | None = None, cookie: str | None = None) -> HTTPConnection:
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    headers += [(b"cookie", f"__Host-session={cookie}".encode())] if cookie else []
    return HTTPConnection({"type": "http", "headers": headers, "method": "GET"})


def test_each_key_file_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(Path(f"/proc/self/fd/{number}").readlink().name))
    kid = signer.generate(tmp_path / "tokens")
    assert synced == [f".{kid}.pem.unfinished", "public", ".private.pem.unfinished", "tokens"]


def test_a_token_carries_the_whole_principal(token_keys: Path, authenticator: Authenticator) -> None:
    principal = someone()
    assert authenticator.authenticate(asking(Signer(token_keys / "private.pem").sign(principal))) == principal


def test_a_principal_from_a_cookie_is_marked(token_keys: Path, authenticator: Authenticator) -> None:
    token = Signer(token_keys / "private.pem").sign(someone())
    assert authenticator.authenticate(asking(cookie=token)).is_cookie


def test_a_cached_token_that_is_revoked_is_refused(
    token_keys: Path, authenticator: Authenticator, revoked: RevokedTokens
) -> None:
    principal = someone()
    token = Signer(token_keys / "private.pem").sign(principal)
    authenticator.authenticate(asking(token))
    revoked.ids.add(principal.jti)
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(asking(token))


def test_an_expired_token_is_accepted_only_where_requested_and_only_from_the_field(
    token_keys: Path, authenticator: Authenticator
) -> None:
    signer = Signer(token_keys / "private.pem")
    field, api = signer.sign(someone(ends_in=-1, channel=SubmissionChannel.FIELD)), signer.sign(someone(ends_in=-1))
    assert authenticator.authenticate(asking(field), takes_expired=True).is_expired
    for token, takes_expired in ((field, False), (api, True)):
        with pytest.raises(Unauthenticated):
            authenticator.authenticate(asking(token), takes_expired=takes_expired)


def test_a_token_of_another_key_is_refused(tmp_path: Path, authenticator: Authenticator) -> None:
    signer.generate(tmp_path / "another")
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(asking(Signer(tmp_path / "another" / "private.pem").sign(someone())))


@pytest.mark.parametrize("missing", tokens.REQUIRED)
def test_a_token_without_a_required_claim_is_refused(
    missing: str, token_keys: Path, authenticator: Authenticator
) -> None:
    token = Signer(token_keys / "private.pem").sign(someone())
    claims = jwt.decode(token, options={"verify_signature": False})
    del claims[missing]
    key, kid = (token_keys / "private.pem").read_bytes(), jwt.get_unverified_header(token)["kid"]
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(asking(jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid})))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "ы" * 10])
def test_an_invalid_token_is_refused(token: str, authenticator: Authenticator) -> None:
    with pytest.raises(Unauthenticated):
        authenticator.verify(token)


def test_an_unsigned_token_is_refused(token_keys: Path, authenticator: Authenticator) -> None:
    token = Signer(token_keys / "private.pem").sign(someone())
    claims = jwt.decode(token, options={"verify_signature": False})
    with pytest.raises(Unauthenticated):
        authenticator.verify(
            jwt.encode(claims, "", algorithm="none", headers={"kid": jwt.get_unverified_header(token)["kid"]})
        )


def test_an_area_covers_what_lies_in_it() -> None:
    osh, places = someone(), Places.load()
    assert osh.covers(ALAI, places)
    assert osh.covers(OSH, places)
    assert not osh.covers("KG05258000000", places)
    assert not osh.covers(None, places)
    assert replace(osh, areas=("KG",)).covers("KG05258000000", places)


def test_while_revocations_are_unknown_only_requests_checked_later_are_accepted(
    authenticator: Authenticator, revoked: RevokedTokens, token_keys: Path
) -> None:
    revoked.is_known = False
    request = asking(Signer(token_keys / "private.pem").sign(someone()))
    with pytest.raises(RevocationsUnknown):
        authenticator.authenticate(request)
    assert authenticator.authenticate(request, takes_unchecked=True).is_unchecked


def test_an_ended_token_of_a_readmitted_team_counts_as_valid(
    authenticator: Authenticator, revoked: RevokedTokens, token_keys: Path
) -> None:
    team = someone(ends_in=-1, channel=SubmissionChannel.FIELD, roles=frozenset({Role.FIELD}))
    revoked.readmitted.add(team.team)
    request = asking(Signer(token_keys / "private.pem").sign(team))
    assert not authenticator.authenticate(request, takes_expired=True, takes_readmitted=True).is_expired
    # the readmitted team renews its sign-in with an expired token
    assert authenticator.authenticate(request, takes_readmitted=True).account == team.account
    assert authenticator.authenticate(request, takes_expired=True).is_expired
    with pytest.raises(Unauthenticated):  # routes that only read accept no expired token, even of a readmitted team
        authenticator.authenticate(request)
    revoked.ids.add(team.jti)
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(request, takes_expired=True, takes_readmitted=True)


def test_an_ended_token_of_another_system_is_never_readmitted(
    authenticator: Authenticator, revoked: RevokedTokens, token_keys: Path
) -> None:
    system = someone(ends_in=-1, channel=SubmissionChannel.API)
    revoked.readmitted.add(system.team)
    with pytest.raises(Unauthenticated):
        authenticator.authenticate(
            asking(Signer(token_keys / "private.pem").sign(system)), takes_expired=True, takes_readmitted=True
        )
