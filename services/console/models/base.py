"""The base of the console's tables."""

from shared.postgres import models


class ConsoleModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()
