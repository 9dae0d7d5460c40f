"""`python -m services.console [web|worker|migrate]`. Without an argument, the web app and the worker both run."""

from services.console import worker
from services.console.app import create_app
from services.console.config import ConsoleSettings
from shared import lifecycle

if __name__ == "__main__":
    lifecycle.run_service("console", ConsoleSettings, create_app=create_app, worker=worker.run)
