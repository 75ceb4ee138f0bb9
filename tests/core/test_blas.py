"""Matrix products on one core, whatever the number of threads that ask for it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from threadpoolctl import ThreadpoolController

from ser.core.blas import ONE_THREAD


def n_threads() -> int:
    (found,) = {one["num_threads"] for one in ThreadpoolController().select(user_api="blas").info()}
    return int(found)


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        yield


def test_inside_is_one_thread_and_after_it_as_before() -> None:
    with ONE_THREAD:
        assert n_threads() == 1
    assert n_threads() == 2


def test_an_error_inside_sets_the_number_back() -> None:
    with pytest.raises(ValueError, match="inside"), ONE_THREAD:
        raise ValueError("inside")
    assert n_threads() == 2


def test_the_last_that_leaves_sets_the_number_back() -> None:
    """Two turns that overlap: the first one ends while the second is inside."""
    first, second = ExitStack(), ExitStack()
    first.enter_context(ONE_THREAD)
    second.enter_context(ONE_THREAD)
    assert n_threads() == 1
    first.close()
    assert n_threads() == 1
    second.close()
    assert n_threads() == 2
