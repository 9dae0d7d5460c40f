"""`python -m services.registry [web|worker|migrate]`; without an argument, both the web app and the worker run."""

from services.registry import worker
from services.registry.app import create_app
from services.registry.config import RegistrySettings
from shared import lifecycle

if __name__ == "__main__":
    lifecycle.run_service("registry", RegistrySettings, create_app=create_app, worker=worker.run)
