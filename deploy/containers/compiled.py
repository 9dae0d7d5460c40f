"""Imports every module that a program may import. The import writes the modules' bytecode into the image.

`python -m deploy.containers.compiled services.intake`
"""

import pkgutil
import sys
from importlib import import_module

# modules that libraries import by name at the first request or connection
LATE = (
    "anyio._backends._asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.lifespan.off",
    "uvloop",
)


# modules that libraries import only if tracing is on
OPTIONAL = ("shared.tracing.recorder",)


def main() -> None:
    for name in (*LATE, *OPTIONAL, *sys.argv[1:]):
        package = import_module(name)
        for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
            if ".migrations" not in module.name:
                import_module(module.name)


if __name__ == "__main__":
    main()
