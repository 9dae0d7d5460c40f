"""Names the browser for a person's list of sign-ins."""

from starlette.requests import HTTPConnection

# The first match is used. A User-Agent of Edge, for example, also contains the names of Chrome and Safari.
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
    """Returns a name such as `Firefox, Windows`, or an empty text for an unknown program."""
    agent = connection.headers.get("user-agent", "")
    return ", ".join(filter(None, (_first(PROGRAMS, agent), _first(SYSTEMS, agent))))


def _first(names: dict[str, str], agent: str) -> str:
    return next((name for sign, name in names.items() if sign in agent), "")
