"""Pages of Ogg files that are made by hand."""

import io

from ser.audio import ogg


class Counted(io.BytesIO):
    """A file that counts how often it is read."""

    n_reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.n_reads += 1
        return super().read(size)


def page(kind: int, stream: int) -> bytes:
    """A page of one segment of 5 bytes."""
    return ogg.MARK + bytes([kind]) + bytes(8) + stream.to_bytes(4, "little") + bytes(8) + bytes([1, 5]) + bytes(5)


def test_only_so_many_streams_are_looked_for_at_the_beginning() -> None:
    """A file of a stranger can begin with a million of them."""
    file = Counted(b"".join(page(ogg.FIRST, stream) for stream in range(1000)))
    assert ogg.is_chained(file)
    assert file.n_reads == ogg.MOST_STREAMS + 1


def test_streams_side_by_side_are_one_recording_and_one_behind_the_other_are_several() -> None:
    side_by_side = [page(ogg.FIRST, 1), page(ogg.FIRST, 2), page(0, 1), page(0, 2)]
    assert not ogg.is_chained(io.BytesIO(b"".join(side_by_side)))
    assert ogg.is_chained(io.BytesIO(b"".join([*side_by_side, page(ogg.FIRST, 3), page(0, 3)])))
