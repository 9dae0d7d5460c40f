"""Errors that stop a start. The text of each error says what is wrong and what to do."""

from shared.errors import DocumentedError


class CannotStart(DocumentedError):
    """The stack cannot start."""


class PortInUse(CannotStart):
    """Another program listens on a port of this installation. Stop that program, or choose another port."""


class PortPrivileged(CannotStart):
    """Only root may open this port, and no service runs as root.

    Choose a port from 1024 on, and put a proxy in front of it.
    """


class FolderClosed(CannotStart):
    """Root started this server, so it runs as another user, who cannot enter the state folder.

    Choose another folder by STATE=, or leave STATE out.
    """


class ComponentFailed(CannotStart):
    """A server did not start; the end of its log says why."""
