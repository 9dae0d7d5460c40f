"""Starts one installation for all tests of the package, because a start takes 26 CPU seconds."""

from collections.abc import Iterator

import pytest

from shared.crypto.seal import write_whole
from shared.places import bundle
from shared.places.units import seed
from tests.supervised import Run, running


@pytest.fixture(scope="package")
def run() -> Iterator[Run]:
    with running(DEMO="0", PUBLIC_URL="https://dayar.example") as started:
        yield started


@pytest.fixture(scope="package")
def restarted(run: Run) -> Run:
    """The installation after its supervisor was killed and `make run` was started again.

    The second start found topics of another release, and files of root.

    The other tests share this start, because a start takes 26 CPU seconds.
    """
    run.kill()
    (run.folder / "kafka" / "provisioned").write_text("of another release")
    write_whole(run.folder / "secrets" / "tokens" / "left-by-root", b"before any right was given")
    (run.folder / "spool" / "left-by-root").mkdir()
    write_whole(
        run.folder / "places.geojson", bundle.dump(seed(), {})
    )  # a restore leaves a file `places.geojson` in the folder
    run.start()
    return run
