"""All tests of the package share one installation, because a start takes 26 CPU seconds."""

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
    """The installation after two steps: its supervisor was killed, and `make run` was started a second time.

    At the second start, the folder had topics of another release and files of root.

    The tests share this second start, because a start takes 26 CPU seconds.
    """
    run.kill()
    (run.folder / "kafka" / "provisioned").write_text("of another release")
    write_whole(run.folder / "secrets" / "tokens" / "left-by-root", b"before any right was given")
    (run.folder / "spool" / "left-by-root").mkdir()
    write_whole(run.folder / "places.geojson", bundle.dump(seed(), {}))  # a restore leaves `places.geojson` behind
    run.start()
    return run
