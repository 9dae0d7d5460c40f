"""`python -m services.intake [web|worker|migrate]`; without an argument, both the web app and the worker run."""

from services.intake import worker
from services.intake.app import create_app
from services.intake.config import IntakeSettings
from shared import lifecycle

if __name__ == "__main__":
    lifecycle.run_service("intake", IntakeSettings, create_app=create_app, worker=worker.run)
