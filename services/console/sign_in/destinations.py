"""The path that a person sees after signing in. A path to another site is replaced by `/`."""

from urllib.parse import urlsplit

LONGEST_NEXT = 500


def local(next: str) -> str:
    """Returns the path, or `/` if the path leads to another site."""
    try:
        parts = urlsplit(next)
    except ValueError:
        return "/"
    if len(next) > LONGEST_NEXT:
        return "/"
    is_local = not parts.scheme and not parts.netloc and next.startswith("/") and not next.startswith(("//", "/\\"))
    return next if is_local and next.isprintable() else "/"
