"""What all tests share: the real corpora, where this machine has them."""

import os
from pathlib import Path

import pytest

NOT_HERE = "SER_CORPORA is not set: real corpora are not here"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `real` where the corpora are not."""
    if not os.environ.get("SER_CORPORA"):
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason=NOT_HERE))


@pytest.fixture(scope="session")
def corpora_root() -> Path:
    """Folder of the real corpora, one folder each."""
    if not os.environ.get("SER_CORPORA"):
        pytest.skip(NOT_HERE)
    return Path(os.environ["SER_CORPORA"])
