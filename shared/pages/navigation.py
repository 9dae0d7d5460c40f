"""The navigation bar: the pages that the account's roles may open, except the field form."""

from dataclasses import dataclass

from shared.auth.access import ROUTES
from shared.auth.tokens import Principal, Role
from shared.pages.terms import N_


@dataclass(frozen=True, slots=True)
class Destination:
    path: str
    title: str


DESTINATIONS = (
    Destination("/", N_("Board")),
    Destination("/map", N_("Map")),
    Destination("/search", N_("Search")),
    Destination("/new-event", N_("New event")),
    Destination("/new-count", N_("New count")),
    Destination("/sites", N_("Sites")),
    Destination("/waiting", N_("Waiting")),
    Destination("/registry/figures", N_("Figures")),
    Destination("/alerts/deliveries", N_("Sent notifications")),
    Destination("/ledger", N_("Ledger")),
    Destination("/security", N_("Security")),
    Destination("/audit", N_("Audit")),
)
MENU = (
    Destination("/manual", N_("Manual")),
    Destination("/wall", N_("Wall screen")),
    Destination("/registry/search", N_("Search for households")),
    Destination("/alerts/shift-handover", N_("Shift handover")),
    Destination("/alerts/statistics", N_("Statistics of alerts")),
    Destination("/my-reports", N_("My reports")),
    Destination("/sheets", N_("Households from a file")),
    Destination("/purpose", N_("Purpose of opening records")),
    Destination("/readmission", N_("Re-admit a team")),
    Destination("/alerts/receivers", N_("Recipients of alerts")),
    Destination("/alerts/rosters", N_("Rosters")),
    Destination("/alerts/policies", N_("Escalation policies")),
    Destination("/alerts/rules", N_("Alert rules")),
    Destination("/alerts/silences", N_("Silences of alerts")),
    Destination("/alerts/templates", N_("Message templates")),
    Destination("/alerts/duty-numbers", N_("Duty numbers")),
    Destination("/intake/feeds", N_("Feeds of hazards")),
    Destination("/accounts", N_("Accounts")),
    Destination("/status", N_("System status")),
    Destination("/alerts/telegram", N_("Telegram")),
    Destination("/sign-ins", N_("Signed-in devices")),
    Destination("/second-factor", N_("Second factor")),
)
# The addresses at which the services list their notices, one notice per line.
NOTICES = (
    "/notices",
    "/registry/notices",
    "/alerts/notices",
    *(f"/{service}/notices/letters" for service in ("intake", "registry", "alerts", "console")),
)


def destinations(principal: Principal | None) -> list[Destination]:
    if principal is None or principal.roles <= {Role.FIELD}:
        return []  # a field account opens only the field form, which has no place in the bar
    return [page for page in DESTINATIONS if _opens(page.path, principal)]


def menu(principal: Principal | None) -> list[Destination]:
    return [] if principal is None else [page for page in MENU if _opens(page.path, principal)]


def notices(principal: Principal | None) -> list[str]:
    return [] if principal is None else [path for path in NOTICES if _opens(path, principal)]


def _opens(path: str, principal: Principal) -> bool:
    rule = ROUTES.get(f"GET {path}")
    return rule is not None and (rule.is_public or not rule.roles.isdisjoint(principal.roles))
