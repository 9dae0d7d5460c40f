"""Lengthens time limits of the services, so that an answer does not depend on how busy the machine is.

`python -m tests.patient MODULE WORDS` runs a program with intake like `python -m MODULE WORDS`, but with longer time
limits. If the word `valkey` is before the module, the program waits longer only for Valkey, because the test kills
Kafka.
"""

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from services.intake import deduplication, hazard_scopes, publication
from shared import audit
from shared.messaging import publisher


@contextmanager
def patient_deduplication() -> Iterator[None]:
    """Within this context, intake waits up to ten seconds for Valkey.

    Outside this context, intake waits for 50 ms, and then accepts a repeated report, which only a consumer detects.
    """
    with patch.object(deduplication, "BUDGET_SECONDS", 10.0):
        yield


@contextmanager
def patient_kafka() -> Iterator[None]:
    """Within this context, intake waits up to ten seconds for Kafka.

    Outside this context, intake waits one second at its start, and two seconds for a report, and then spools the
    report. For a spooled report, intake's answer is not "accepted".
    """
    with patch.object(publication, "ACK_SECONDS", 10.0), patch.object(publisher, "START_SECONDS", 10.0):
        yield


@contextmanager
def patient_intake() -> Iterator[None]:
    with patient_deduplication(), patient_kafka():
        yield


def wait_long_for_postgresql() -> None:
    """Makes services wait up to 30 seconds for PostgreSQL.

    After the usual shorter wait, a refused request would be missing in the security log, or a hazard would become
    Private.
    """
    audit.WRITE_SECONDS = hazard_scopes.WAIT_SECONDS = 30.0


def main() -> None:
    is_for_valkey_only = sys.argv[1] == "valkey"
    sys.argv = sys.argv[1 + is_for_valkey_only :]
    with patient_deduplication() if is_for_valkey_only else patient_intake():
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
