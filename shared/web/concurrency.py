"""Limits how many requests of one address or one account run at the same time."""

from collections.abc import Hashable, MutableSequence
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from starlette.types import Scope

from shared.web.problems import Problem

OF_ADDRESS, OF_ACCOUNT = 256, 32
# The scope's key for the counters that the request has entered.
ENTERED = "dayar.entered"


def too_many() -> Problem:
    return Problem(429, "too-many", "Too many requests are under way.", headers={"retry-after": "1"})


class ConcurrentRequests:
    """Counts the running requests of each address and, after the authentication, of each account."""

    def __init__(self) -> None:
        self._counts: dict[Hashable, int] = {}

    def enter_address(self, scope: Scope) -> bool:
        """Counts the request. Returns False without counting if the address has reached its limit."""
        scope[ENTERED] = []
        return self._enter(scope, address_of(scope), OF_ADDRESS)

    def enter_account(self, scope: Scope, account: UUID) -> bool:
        return self._enter(scope, account, OF_ACCOUNT)

    def leave(self, scope: Scope) -> None:
        for who in scope[ENTERED]:
            self._counts[who] -= 1
            if not self._counts[who]:
                del self._counts[who]

    def _enter(self, scope: Scope, who: Hashable, most: int) -> bool:
        count = self._counts.get(who, 0)
        if count >= most:
            return False
        self._counts[who] = count + 1
        entered: MutableSequence[Any] = scope[ENTERED]
        entered.append(who)
        return True


def address_of(scope: Scope) -> str:
    """Returns the IPv4 address, or the /64 network of an IPv6 address: one client can use the whole /64."""
    address: str = (scope.get("client") or ("",))[0]
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address
