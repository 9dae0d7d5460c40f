"""Corrects aiokafka's connections under uvloop.

uvloop raises RuntimeError when aiokafka writes to a closed connection. aiokafka catches only OSError
(https://github.com/aio-libs/aiokafka/issues/1038). After the failure of a broker, the RuntimeError could end a
consumer, or the task that updates a client's metadata.
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
    """Changes all Kafka connections of the process. Idempotent."""
    AIOKafkaConnection.send = send_or_close
