"""`python -m deploy.local.web` runs the four web applications in one process, each with its own settings and login."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from services.alerts.app import create_app as alerts
from services.alerts.config import AlertsSettings
from services.console.app import create_app as console
from services.console.config import ConsoleSettings
from services.intake.app import create_app as intake
from services.intake.config import IntakeSettings
from services.registry.app import create_app as registry
from services.registry.config import RegistrySettings
from shared import lifecycle
from shared.auth.revocations import Revocations
from shared.config import Settings


def create_app() -> Starlette:
    settings = IntakeSettings().for_service("intake")
    access = Revocations(settings)  # One reader of the topic serves all apps, with intake's login.
    apps = {
        "/intake": intake(settings, access),
        "/registry": registry(RegistrySettings().for_service("registry"), access),
        "/alerts": alerts(AlertsSettings().for_service("alerts"), access),
        # "" matches every path, so the console is the last.
        "": console(ConsoleSettings().for_service("console"), access),
    }

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in apps.values():  # Starlette does not run the lifespan of a mounted app
                await stack.enter_async_context(_alive(app))
            yield

    return Starlette(routes=[Mount(path, app) for path, app in apps.items()], lifespan=lifespan)


@asynccontextmanager
async def _alive(app: FastAPI) -> AsyncIterator[None]:
    async with app.router.lifespan_context(app):
        yield


async def main() -> None:
    await lifecycle.serve(create_app(), Settings())


if __name__ == "__main__":
    lifecycle.run_process("web", main)
