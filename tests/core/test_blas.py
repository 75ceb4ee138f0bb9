"""Matrix products on one core, whatever the number of threads that ask for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from threadpoolctl import ThreadpoolController

from ser.core.blas import ONE_BLAS_THREAD


def n_threads() -> int:
    (found,) = {one["num_threads"] for one in ThreadpoolController().select(user_api="blas").info()}
    return int(found)


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        yield


def test_inside_is_one_thread_and_after_it_as_before() -> None:
    with ONE_BLAS_THREAD:
        assert n_threads() == 1
    assert n_threads() == 2


def test_an_error_inside_sets_the_number_back() -> None:
    with pytest.raises(ValueError, match="inside"), ONE_BLAS_THREAD:
        raise ValueError("inside")
    assert n_threads() == 2


def test_the_last_that_leaves_sets_the_number_back() -> None:
    """Two turns that overlap: the first one ends while the second is inside."""
    first, second = ExitStack(), ExitStack()
    first.enter_context(ONE_BLAS_THREAD)
    second.enter_context(ONE_BLAS_THREAD)
    assert n_threads() == 1
    first.close()
    assert n_threads() == 1
    second.close()
    assert n_threads() == 2


def test_the_last_that_leaves_may_be_another_thread_than_the_first_that_entered() -> None:
    first, second = ExitStack(), ExitStack()
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:  # each keeps its thread
        one.submit(first.enter_context, ONE_BLAS_THREAD).result()
        other.submit(second.enter_context, ONE_BLAS_THREAD).result()
        one.submit(first.close).result()
        assert n_threads() == 1
        other.submit(second.close).result()
        assert n_threads() == 2


def test_it_holds_in_a_thread_after_another_one_has_set_a_number() -> None:
    ThreadpoolController().limit(limits=2, user_api="blas")  # for good, and this thread lives on

    def inside() -> int:
        with ONE_BLAS_THREAD:
            return n_threads()

    with ThreadPoolExecutor(1) as other:
        assert other.submit(inside).result() == 1
    assert n_threads() == 2
