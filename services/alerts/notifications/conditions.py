"""The stages for the conditions of receivers, in order."""

from services.alerts.notifications.stages import Stage
from services.alerts.notifications.stages.areas import of_area
from services.alerts.notifications.stages.duty import on_duty
from services.alerts.notifications.stages.hazard_types import of_hazard
from services.alerts.notifications.stages.levels import up_to_level
from services.alerts.notifications.stages.quiet_hours import in_hours
from services.alerts.notifications.stages.severities import of_severity
from services.alerts.notifications.stages.statuses import of_status

CONCERNED: tuple[Stage, ...] = (of_status, of_severity, of_area, of_hazard, on_duty, in_hours)
REACHED: tuple[Stage, ...] = (*CONCERNED, up_to_level)
