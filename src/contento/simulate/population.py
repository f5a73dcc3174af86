"""The users and items of a simulated world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import Embedding, Item
from contento.simulate import laws
from contento.simulate.draws import one_by_one
from contento.simulate.texts import Draw, describe
from contento.simulate.vocabulary import CATEGORIES

IMAGE_SHARE: Final = 0.6
"""Share of the items that have a picture."""


@dataclass(slots=True, kw_only=True)
class User:
    """A user, with the state that the world changes.

    Attributes:
        user_id: Id.
        group: Planted group.
        attributes: What is declared of the user: segment (the country), plan, device.
        vector: `[DIMENSIONS + ASPECTS]`, taste, then the weight of each aspect.
        bias: How much higher than others this user rates.
        baseline: Satisfaction to which the mood returns.
        mood: Latent satisfaction, about -1 (negative) to 1 (positive).
        mood_ms: When it was brought up to date; 0: never.
        busy_until_ms: End of the last session.
    """

    user_id: str
    group: laws.Group
    attributes: Mapping[str, str]
    vector: NDArray[np.float64]
    bias: float
    baseline: float
    mood: float
    mood_ms: int = 0
    busy_until_ms: int = 0


@dataclass(slots=True, kw_only=True)
class Thing:
    """An item with what the world knows of it.

    Attributes:
        message: What is declared of it.
        text: Title and description.
        category: Place in `CATEGORIES`.
        noun: What it is.
        style: `[STYLE_DIMENSIONS]`, what it is like.
        aspects: How good it is in each of `ASPECTS`.
        price: Price.
        embedding: Of its picture, where it has one.
        attributes: What its events declare of it.
    """

    message: Item
    text: str
    category: int
    noun: str
    style: Sequence[float]
    aspects: list[float]
    price: float
    embedding: Embedding | None
    attributes: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """All items, and their numbers as columns.

    Attributes:
        things: The items.
        vectors: `[items, DIMENSIONS + ASPECTS]`, what each is and is like, then its aspects.
        offsets: `[items]`, how much better than its vector says each is rated.
        popularity: `[items]`, share of the attention; sums to 1.
    """

    things: list[Thing]
    vectors: NDArray[np.float64]
    offsets: NDArray[np.float64]
    popularity: NDArray[np.float64]


def make_catalogue(generator: np.random.Generator, count: int) -> Catalogue:
    """Draw items: popularity falls as a power, brands and categories by the laws, words by what they are."""
    draw = one_by_one(generator.random)
    categories = generator.integers(len(CATEGORIES), size=count)
    brands = generator.integers(len(laws.BRANDS), size=count)
    kind = laws.CATEGORY_CENTRES[categories] + generator.normal(0, 0.2, (count, laws.CATEGORY_DIMENSIONS))
    style = generator.uniform(-1, 1, (count, laws.STYLE_DIMENSIONS))
    aspects = laws.BRAND_ASPECTS[brands] + generator.normal(0, 0.25, (count, len(laws.ASPECTS)))
    prices = np.round(
        np.array([category.price for category in CATEGORIES])[categories]
        * np.exp(0.5 * style[:, 0] + generator.normal(0, 0.25, count)),
        2,
    )
    pictured = generator.random(count) < IMAGE_SHARE
    vectors = np.hstack([kind, style])
    images = vectors @ laws.IMAGE_PROJECTION + generator.normal(0, 0.4, (count, laws.IMAGE_DIMENSION))
    images = np.round(images / np.linalg.norm(images, axis=1, keepdims=True), 3)
    things = [
        _thing(
            f"i{number + 1:04d}",
            draw,
            category=int(categories[number]),
            brand=laws.BRANDS[brands[number]],
            style=style[number].tolist(),
            aspects=aspects[number].tolist(),
            price=float(prices[number]),
            image=images[number].tolist() if pictured[number] else None,
        )
        for number in range(count)
    ]
    popularity = (1 + generator.permutation(count)) ** -0.8
    return Catalogue(
        things=things,
        vectors=np.hstack([vectors, aspects]),
        offsets=generator.normal(0, 0.15, count),
        popularity=popularity / popularity.sum(),
    )


def _thing(
    item_id: str,
    draw: Draw,
    *,
    category: int,
    brand: str,
    style: list[float],
    aspects: list[float],
    price: float,
    image: list[float] | None,
) -> Thing:
    nouns = CATEGORIES[category].nouns
    noun = nouns[int(draw() * len(nouns))]
    title, description = describe(draw, category=category, noun=noun, brand=brand, style=style)
    embedding = None if image is None else Embedding(values=image, encoder=laws.IMAGE_ENCODER)
    name = CATEGORIES[category].name
    return Thing(
        message=Item(
            item_id=item_id,
            title=title,
            description=description,
            categories=[name],
            brand=brand,
            price=price,
            image_embedding=embedding,
        ),
        text=f"{title}. {description}",
        category=category,
        noun=noun,
        style=style,
        aspects=aspects,
        price=price,
        embedding=embedding,
        attributes={"category": name, "brand": brand},
    )


def make_users(
    generator: np.random.Generator, count: int, *, first: int, group: laws.Group | None = None
) -> list[User]:
    """Draw users, numbered from `first`, of one group or of all.

    A given group comes from the new country; otherwise the country follows, loosely, from the group.
    """
    kinds = (group,) if group else laws.GROUPS
    own = generator.integers(len(kinds), size=count)
    tastes = np.array([kind.taste for kind in kinds])[own] + generator.normal(0, 0.3, (count, laws.DIMENSIONS))
    weights = np.array([kind.aspects for kind in kinds])[own] + generator.normal(0, 0.1, (count, len(laws.ASPECTS)))
    vectors = np.hstack([tastes, weights])
    biases = generator.normal(0, 0.3, count)
    baselines = generator.normal(0.1, 0.25, count)
    bounds = np.cumsum([kind.countries for kind in kinds], axis=1)[own]
    countries = (generator.random((count, 1)) > bounds[:, :-1]).sum(axis=1)
    plus = generator.random(count) < np.array([kind.plus for kind in kinds])[own]
    devices = np.searchsorted((0.6, 0.9), generator.random(count))
    return [
        User(
            user_id=f"u{first + number:05d}",
            group=kinds[own[number]],
            attributes={
                "segment": laws.NEW_COUNTRY if group else laws.COUNTRIES[countries[number]],
                "plan": laws.PLANS[int(plus[number])],
                "device": laws.DEVICES[devices[number]],
            },
            vector=vectors[number],
            bias=float(biases[number]),
            baseline=float(baselines[number]),
            mood=float(baselines[number]),
        )
        for number in range(count)
    ]
