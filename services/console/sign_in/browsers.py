"""Derives a short name of the browser, for the list of a person's own sign-ins."""

from starlette.requests import HTTPConnection

# The first match is used. The order matters, because a User-Agent can also contain names from further down this list.
PROGRAMS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "YaBrowser": "Yandex",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


def name_of(connection: HTTPConnection) -> str:
    """A name such as `Firefox, Windows`; empty if the program is not a known browser."""
    agent = connection.headers.get("user-agent", "")
    return ", ".join(filter(None, (_first(PROGRAMS, agent), _first(SYSTEMS, agent))))


def _first(names: dict[str, str], agent: str) -> str:
    return next((name for sign, name in names.items() if sign in agent), "")
