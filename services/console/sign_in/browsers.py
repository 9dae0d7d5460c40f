"""Derives a short name of the browser, for the list of a person's own sign-ins."""

from starlette.requests import HTTPConnection

# The first name that the User-Agent contains is used. The order of this list matters, because a browser's User-Agent
# can also contain names that come later in the list.
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
