"""Random ids have the contract's format, and are unique."""

from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

from shared.crypto.randomness import PIECE, RandomPool, random_id


def test_ids_are_random_uuids() -> None:
    ids = [UUID(random_id()) for _ in range(5000)]
    assert {(id.version, id.variant) for id in ids} == {(4, RFC_4122)}
    assert len(set(ids)) == len(ids)
    assert all(str(id) == str(UUID(str(id))) for id in ids)


def test_no_byte_is_returned_twice() -> None:
    draws = RandomPool()
    taken = [draws.take(12) for _ in range(3 * PIECE // 12)]
    assert len(set(taken)) == len(taken)
    assert {len(one) for one in taken} == {12}


def test_two_threads_never_get_the_same_bytes() -> None:
    draws = RandomPool()
    with ThreadPoolExecutor(4) as threads:
        taken = [
            one for some in threads.map(lambda _: [draws.take(12) for _ in range(5_000)], range(8)) for one in some
        ]
    assert len(set(taken)) == len(taken) == 40_000
