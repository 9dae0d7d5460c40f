"""The base class and options that several tables of the alerts service share."""

from shared.postgres import models

# Half of each disk page is left free, because PostgreSQL updates a row faster if the new version fits in its page.
COUNTER = {"postgresql_with": {"fillfactor": 50}}


class AlertsModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()
