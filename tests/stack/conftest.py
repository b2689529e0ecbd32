from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.checkout import Checkout, make_checkout


@pytest.fixture
def copy_to() -> Iterator[Callable[[Path], Checkout]]:
    """`copy_to(path)` makes a checkout there; what runs in it is stopped at the end of the test."""
    made: list[Checkout] = []

    def copy(path: Path) -> Checkout:
        made.append(make_checkout(path))
        return made[-1]

    yield copy
    for checkout in made:
        checkout.clean_up()


@pytest.fixture
def checkout(copy_to: Callable[[Path], Checkout], tmp_path: Path) -> Checkout:
    return copy_to(tmp_path / "concord")
