"""What a browser calls itself, short enough for a list of one's own sign-ins."""

from starlette.requests import HTTPConnection

# in this order, as each one's name also holds those after it
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
    """`Firefox, Windows`; empty for a program that is no browser."""
    agent = connection.headers.get("user-agent", "")
    return ", ".join(filter(None, (_first(PROGRAMS, agent), _first(SYSTEMS, agent))))


def _first(names: dict[str, str], agent: str) -> str:
    return next((name for sign, name in names.items() if sign in agent), "")
