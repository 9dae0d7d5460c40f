"""Errors that a person at a terminal reads. The docstring of the class is the message."""


class DocumentedError(Exception):
    """The docstring of a subclass is its message; its arguments are the details."""

    @property
    def message(self) -> str:
        return " ".join((type(self).__doc__ or "").split())

    def __str__(self) -> str:
        details = " ".join(map(str, self.args))
        return f"{self.message} ({details})" if details else self.message
