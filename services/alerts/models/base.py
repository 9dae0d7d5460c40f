"""The base class and options that several tables of the alerts service share."""

from shared.postgres import models

# An update is faster if the new row version fits in the same disk page, so half of each page stays free.
COUNTER = {"postgresql_with": {"fillfactor": 50}}


class AlertsModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()
