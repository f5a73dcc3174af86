import pytest

from contento.contracts.messages import Item
from contento.model.correction.steps import BUCKETS
from contento.model.correction.tags import Tags, tags_of


def test_of_an_unknown_item_nothing_is_known() -> None:
    assert not tags_of(None)
    assert not tags_of(Item(item_id="i", title="no tags"))


def test_categories_and_traits_have_places_of_their_own() -> None:
    found = tags_of(Item(item_id="i", categories=["Comedy", "Drama"], brand="B", attributes={"colour": "red"}))
    assert len(found.categories) == len(found.traits) == 2
    assert max(found.every) < BUCKETS
    assert sorted({*found.categories, *found.traits}) == found.every.tolist()
    other = tags_of(Item(item_id="other", categories=["Comedy", "Drama"]))
    assert found.categories.tolist() == other.categories.tolist()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1994", "1997", True), ("1994", "2003", False), ("100", "110", True), ("100", "900", False), ("0", "0", True)],
)
def test_numbers_that_are_near_are_one_trait(one: str, other: str, *, same: bool) -> None:
    first, second = (tags_of(Item(item_id="i", attributes={"number": value})).packed() for value in (one, other))
    assert (first == second) is same


def test_a_price_is_a_trait() -> None:
    cheap, dear = (tags_of(Item(item_id="i", price=price)).packed() for price in (9.99, 499.0))
    assert cheap != dear


def test_packed_tags_come_back() -> None:
    for tags in (Tags(), Tags((10, 127), ()), Tags((), (0, 10)), Tags((1,), (2, 3))):
        found = Tags.of(tags.packed())
        assert (found.categories.tolist(), found.traits.tolist()) == (tags.categories.tolist(), tags.traits.tolist())
