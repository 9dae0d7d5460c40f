"""The chapter of the operators' manual to which the link "Help" of a page leads."""

MANUAL = "/manual"
# Paths below a path have the same chapter. Other pages lead to the beginning of the manual.
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
# Pages below `/alerts` that are not about an alert.
WITHOUT_CHAPTER = frozenset(
    f"/alerts/{page}" for page in ("duty-numbers", "policies", "receivers", "rules", "telegram", "templates")
)


def help_link(path: str) -> str:
    known = path
    while known and known not in CHAPTERS and known not in WITHOUT_CHAPTER:
        known = known.rpartition("/")[0]
    chapter = CHAPTERS.get(known)
    return f"{MANUAL}#{chapter}" if chapter else MANUAL
