"""Finds the manual's chapter for a page. The link "Help" of the page opens this chapter."""

MANUAL = "/manual"
# A path that is not listed has the chapter of the nearest path above it. Other pages open the manual's beginning.
CHAPTERS = {
    "/": "board",
    "/password": "sign-in",
    "/sign-ins": "sign-in",
    "/alerts": "alert",
    "/alerts/silences": "silences",
    "/alerts/deliveries": "deliveries",
    "/alerts/rosters": "rosters",
    "/alerts/shift-handover": "shift-handover",
    "/hazards": "new-event",
    "/new-event": "new-event",
    "/release": "new-event",
    "/new-count": "new-count",
    "/new-household": "new-household",
    "/sheets": "new-household",
    "/my-reports": "waiting",
    "/waiting": "waiting",
    "/new-movement": "movement",
    "/purpose": "movement",
    "/registry/search": "movement",
    "/registry/households": "movement",
    "/registry/groups": "movement",
    "/registry/sites": "movement",
    "/sites": "movement",
    "/registry/figures": "figures",
    "/alerts/statistics": "figures",
    "/map": "map",
    "/areas": "map",
    "/search": "search",
    "/accounts": "accounts",
    "/status": "failure",
}
# Pages below `/alerts` that do not show an alert.
WITHOUT_CHAPTER = frozenset(
    f"/alerts/{page}" for page in ("duty-numbers", "policies", "receivers", "rules", "telegram", "templates")
)


def help_link(path: str) -> str:
    known = path
    while known and known not in CHAPTERS and known not in WITHOUT_CHAPTER:
        known = known.rpartition("/")[0]
    chapter = CHAPTERS.get(known)
    return f"{MANUAL}#{chapter}" if chapter else MANUAL
