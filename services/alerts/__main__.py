"""`python -m services.alerts [web|worker|migrate]`; without an argument, both the web app and the worker run."""

from services.alerts import worker
from services.alerts.app import create_app
from services.alerts.config import AlertsSettings
from shared import lifecycle

if __name__ == "__main__":
    lifecycle.run_service("alerts", AlertsSettings, create_app=create_app, worker=worker.run)
