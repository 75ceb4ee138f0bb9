import pandas as pd
import pytest

from ser.core import shared_audio

Span = tuple[str, float | None, float | None, str]


def grouped(*rows: Span) -> list[str]:
    return shared_audio.groups(pd.DataFrame(rows, columns=["path", "start", "end", "audio_hash"])).tolist()


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        ([("a", 0, 1, "p"), ("a", 1, 2, "q")], "pq"),  # they touch, and share no sample
        ([("a", 1, 2, "q"), ("a", 0, 1.5, "p")], "pp"),
        ([("a", 0, 1.5, "p"), ("b", 1, 2, "q")], "pq"),
        ([("a", 0, 9, "p"), ("a", 1, 2, "q"), ("a", 5, 6, "r")], "ppp"),  # both lie in the first
        ([("a", None, None, "s"), ("a", 5, 6, "r")], "rr"),  # the whole recording
        ([("a", 3, None, "p"), ("a", 0, 1, "q"), ("a", 7, 8, "r")], "pqp"),
        ([("a", 0, 1, "p"), ("b", 0, 1, "p"), ("b", 0.5, 2, "q")], "ppp"),  # a copy of one that overlaps another
    ],
)
def test_segments_that_share_samples_are_one_group(rows: list[Span], groups: str) -> None:
    assert grouped(*rows) == list(groups)
