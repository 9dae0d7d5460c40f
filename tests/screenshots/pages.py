"""The pages that `make screenshots` photographs, with the role that opens each page.

An address may contain names in braces, such as `{alert}`; `Evening.addresses` says what stands for them.
"""

from shared.auth.access import ROUTES
from shared.auth.tokens import Role
from shared.pages.navigation import DESTINATIONS, MENU

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
        "/readmission",
        "/release?hazard={hazard}",
        "/ledger",
        "/status",
        "/registry/search",
        "/registry/figures",
        "/registry/figures/movements",
        "/registry/households/{household}",
        "/registry/groups/{group}",
        "/registry/sites/{site}",
        "/alerts/deliveries",
        "/alerts/shift-handover",
        "/alerts/statistics",
        "/alerts/receivers",
        "/alerts/receivers/new",
        "/alerts/rosters",
        "/alerts/rosters/new",
        "/alerts/rosters/{roster}",
        "/alerts/rules",
        "/alerts/silences",
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


def name_of(path: str) -> str:
    """The name of the picture: `/alerts/{alert}` is `alerts-alert`, and the board is `board`."""
    words = path.partition("?")[0].replace("{", "").replace("}", "").strip("/")
    return words.replace("/", "-") or "board"


def missing() -> list[str]:
    """The pages of the navigation that the table has forgotten, or that its role may not open."""
    photographed = {
        path.partition("?")[0]: role for role, paths in PAGES.items() for path in paths if "{" not in path.split("?")[0]
    }
    return [
        page.path
        for page in (*DESTINATIONS, *MENU)
        if page.path not in photographed or photographed[page.path] not in ROUTES[f"GET {page.path}"].roles
    ]
