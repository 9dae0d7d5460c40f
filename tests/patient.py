"""Makes time limits of the services longer, so that a busy machine does not change their answers.

`python -m tests.patient MODULE WORDS` runs a program with longer time limits, otherwise like `python -m MODULE WORDS`.
With the word `valkey` before the module, only the limits for Valkey are longer, because the test kills Kafka.
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
    """Inside the context `patient_deduplication`, intake waits up to ten seconds for Valkey.

    Usually, intake waits 50 ms for Valkey. After the usual 50 ms, intake accepts a repeated report, and only a consumer
    detects the repeat.
    """
    with patch.object(deduplication, "BUDGET_SECONDS", 10.0):
        yield


@contextmanager
def patient_kafka() -> Iterator[None]:
    """Inside the context `patient_kafka`, intake waits up to ten seconds for Kafka.

    Usually, intake waits one second for Kafka at its start, and two seconds for each report. Then intake spools the
    report. The answer for a spooled report is another answer than "accepted".
    """
    with patch.object(publication, "ACK_SECONDS", 10.0), patch.object(publisher, "START_SECONDS", 10.0):
        yield


@contextmanager
def patient_intake() -> Iterator[None]:
    with patient_deduplication(), patient_kafka():
        yield


def wait_long_for_postgresql() -> None:
    """Makes services wait up to 30 seconds for PostgreSQL.

    After the usual limit, the security log would lack the refused request, or a hazard would become Private.
    """
    audit.WRITE_SECONDS = hazard_scopes.WAIT_SECONDS = 30.0


def main() -> None:
    is_for_valkey_only = sys.argv[1] == "valkey"
    sys.argv = sys.argv[1 + is_for_valkey_only :]
    with patient_deduplication() if is_for_valkey_only else patient_intake():
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
