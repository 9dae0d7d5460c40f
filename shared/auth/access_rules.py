"""A rule says which roles may call a route, and with which tokens."""

from dataclasses import dataclass

from shared.auth.tokens import Role


@dataclass(frozen=True, slots=True)
class AccessRule:
    """If `is_page` is true, a browser without a session goes to the sign-in page."""

    roles: frozenset[Role] = frozenset()
    is_public: bool = False
    is_page: bool = False
    takes_expired: bool = False
    takes_readmitted: bool = False  # accepts an expired token whose team is readmitted
    # Accepts a token although the revocations are not known. The service must check later whether the token was
    # revoked.
    takes_unchecked: bool = False


PUBLIC = AccessRule(is_public=True)
OF_EVERY_SERVICE = {
    f"GET {prefix}{path}": PUBLIC
    for prefix in ("/intake", "/registry", "/alerts", "")
    for path in ("/live", "/ready", "/metrics", "/openapi.json")
}


def to(roles: frozenset[Role]) -> AccessRule:
    return AccessRule(roles)


def page(roles: frozenset[Role]) -> AccessRule:
    return AccessRule(roles, is_page=True)


def report(roles: frozenset[Role]) -> AccessRule:
    return AccessRule(roles, takes_expired=True, takes_readmitted=True, takes_unchecked=True)
