"""Corrects aiokafka's connections under uvloop.

For a write to a closed connection uvloop raises RuntimeError, but aiokafka catches only OSError
(https://github.com/aio-libs/aiokafka/issues/1038). Without the correction, such a write in the moment after a broker
failed could end a consumer, or the task that updates a client's metadata.
"""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError

send = AIOKafkaConnection.send


def send_or_close(connection: AIOKafkaConnection, *request: Any, **options: Any) -> Any:
    try:
        return send(connection, *request, **options)
    except KafkaError:
        raise
    except RuntimeError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError("the connection closed before the request") from error


def correct() -> None:
    """Affects each connection of the process. Repeated calls have no further effect."""
    AIOKafkaConnection.send = send_or_close
