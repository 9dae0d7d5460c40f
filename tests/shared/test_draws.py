"""Random ids are what the contract asks for, and none comes twice."""

from uuid import RFC_4122, UUID

from shared.draws import PIECE, Draws, random_id


def test_ids_are_random_uuids() -> None:
    ids = [UUID(random_id()) for _ in range(5000)]
    assert {(id.version, id.variant) for id in ids} == {(4, RFC_4122)}
    assert len(set(ids)) == len(ids)
    assert all(str(id) == str(UUID(str(id))) for id in ids)


def test_nothing_is_given_out_twice() -> None:
    draws = Draws()
    taken = [draws.take(12) for _ in range(3 * PIECE // 12)]
    assert len(set(taken)) == len(taken)
    assert {len(one) for one in taken} == {12}
