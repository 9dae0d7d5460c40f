"""What stops a start: said to the person at the terminal in one sentence, with what to do."""


class CannotStart(Exception):
    """The stack cannot start; the subclass says why. Its docstring is the message, its arguments the particulars."""

    def __str__(self) -> str:
        particulars = " ".join(str(each) for each in self.args)
        return f"{self.__doc__} ({particulars})" if particulars else f"{self.__doc__}"


class PortInUse(CannotStart):
    """Another program listens on a port of this installation, or it is below 1024 and only root may open it. Stop that program, or choose another port."""


class FolderClosed(CannotStart):
    """As root started it, a server runs as another user, who cannot enter the state folder. Choose another by STATE=, or leave it out."""


class PartFailed(CannotStart):
    """A part did not come up; the end of its log says why."""
