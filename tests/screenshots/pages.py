"""The pages that `make screenshots` photographs, and the role that opens each page.

An address may contain names in braces, for example `{alert}`. The values of the names in braces are in
`Evening.addresses`.
"""

import re

from shared.auth.access import ROUTES
from shared.auth.tokens import Role

PHONE_FORM = "/intake/field"
PAGES: dict[Role, tuple[str, ...]] = {
    Role.DUTY_HEAD: (
        "/",
        "/map",
        "/search?q=Кадамжай",
        "/alerts/{alert}",
        "/hazards/{hazard}",
        "/areas/{area}",
        "/new-event",
        "/new-count",
        "/new-household",
        "/new-movement?household={household}",
        "/sites",
        "/waiting",
        "/my-reports",
        "/sheets",
        "/purpose",
        "/manual",
        "/readmission",
        "/release?hazard={hazard}",
        "/ledger",
        "/status",
        "/registry/search",
        "/registry/figures",
        "/registry/figures/history",
        "/registry/figures/movements",
        "/registry/households/{household}",
        "/registry/groups/{group}",
        "/registry/sites/{site}",
        "/alerts/deliveries",
        "/alerts/shift-handover",
        "/alerts/statistics",
        "/alerts/receivers",
        "/alerts/receivers/new",
        "/alerts/receivers/{receiver}",
        "/alerts/receivers/{receiver}/test",
        "/alerts/rosters",
        "/alerts/rosters/new",
        "/alerts/rosters/{roster}",
        "/alerts/rosters/{roster}/layers",
        "/alerts/rules",
        "/alerts/silences",
        "/alerts/silences/{silence}",
        "/alerts/templates",
        "/alerts/duty-numbers",
        "/alerts/duty-numbers/new",
        "/alerts/telegram",
        "/intake/feeds",
        "/sign-ins",
        "/password",
    ),
    Role.ADMINISTRATOR: (
        "/accounts",
        "/accounts/new",
        "/accounts/{account}",
        "/alerts/policies",
        "/alerts/policies/new",
        "/security",
        "/second-factor",
    ),
    Role.AUDITOR: ("/audit",),
    Role.VIEWER: ("/wall",),
    Role.FIELD: (PHONE_FORM,),
}
SIGN_IN = "/sign-in"
# The first two paths are files. All other paths are the forms of a new policy and of a new number, with values
# filled in.
NOT_PHOTOGRAPHED = ("/alerts/statistics/export", "/search/export", "/alerts/policies/{}", "/alerts/duty-numbers/{}")


def name_of(path: str) -> str:
    """Returns the name of the picture: `/alerts/{alert}` is `alerts-alert`, and the board is `board`."""
    words = path.partition("?")[0].replace("{", "").replace("}", "").strip("/")
    return words.replace("/", "-") or "board"


def missing() -> list[str]:
    """Returns pages that are missing in the table. Also returns pages that the table's role may not open."""
    photographed = {(role, shape(path.partition("?")[0])) for role, paths in PAGES.items() for path in paths}
    return [
        path
        for route, rule in ROUTES.items()
        if rule.is_page and (path := shape(route.removeprefix("GET "))) not in NOT_PHOTOGRAPHED
        if not any((role, path) in photographed for role in rule.roles)
    ]


def shape(path: str) -> str:
    """Returns the path with empty braces, because the table of routes has other names in them."""
    return re.sub(r"\{.*?\}", "{}", path)
