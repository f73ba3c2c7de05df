from serving.call_id import new_call_id
from serving.telemetry import mask_numbers


def test_ids_differ_and_survive_the_logs_filter() -> None:
    ids = {new_call_id() for _ in range(2_000)}
    assert len(ids) == 2_000
    assert all(mask_numbers(f"/calls/{call_id}") == f"/calls/{call_id}" for call_id in ids)
