"""What is the same in every simulated world: groups, categories, styles, brands and what pictures show.

A model trained on one world finds the same laws in the next, with other users and items.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ASPECTS: Final = ("delivery", "price", "quality", "support")
CATEGORY_DIMENSIONS: Final = 4
STYLE_DIMENSIONS: Final = 4
DIMENSIONS: Final = CATEGORY_DIMENSIONS + STYLE_DIMENSIONS
"""Of the vectors of tastes and items: first what a thing is, then what it is like."""
IMAGE_DIMENSION: Final = 64
IMAGE_ENCODER: Final = "contento-simulated-image"

COUNTRIES: Final = ("it", "de", "us", "br")
NEW_COUNTRY: Final = "jp"
PLANS: Final = ("free", "plus")
DEVICES: Final = ("phone", "desktop", "tablet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A planted user group.

    Attributes:
        name: Its name; no message ever carries it.
        taste: `[DIMENSIONS]`, what its users like, each in [-1, 1].
        aspects: How much each of `ASPECTS` weighs in its ratings.
        countries: Share of its users in each of `COUNTRIES`; sums to 1.
        plus: Share of its users on the plan `plus`.
    """

    name: str
    taste: tuple[float, ...]
    aspects: tuple[float, ...]
    countries: tuple[float, ...]
    plus: float


GROUPS: Final = (
    Group(
        name="savers",
        taste=(0.7, -0.3, 0.2, -0.4, -0.9, 0.3, -0.3, 0.0),
        aspects=(0.2, 0.8, 0.3, 0.1),
        countries=(0.4, 0.2, 0.1, 0.3),
        plus=0.1,
    ),
    Group(
        name="perfectionists",
        taste=(-0.4, 0.8, -0.2, 0.3, 0.9, 0.1, 0.6, -0.2),
        aspects=(0.2, 0.1, 0.9, 0.3),
        countries=(0.2, 0.5, 0.2, 0.1),
        plus=0.6,
    ),
    Group(
        name="hurried",
        taste=(0.1, 0.4, -0.8, 0.2, 0.2, -0.8, 0.2, -0.6),
        aspects=(0.9, 0.1, 0.2, 0.4),
        countries=(0.1, 0.2, 0.6, 0.1),
        plus=0.5,
    ),
    Group(
        name="explorers",
        taste=(-0.3, -0.7, 0.5, -0.6, -0.1, 0.7, -0.4, 0.9),
        aspects=(0.3, 0.2, 0.3, 0.6),
        countries=(0.3, 0.1, 0.2, 0.4),
        plus=0.3,
    ),
)
NEW_GROUP: Final = Group(
    name="newcomers",
    taste=(-0.8, 0.2, 0.8, 0.6, 0.5, -0.5, -0.9, 0.5),
    aspects=(0.5, 0.5, 0.5, 0.5),
    countries=(0.25, 0.25, 0.25, 0.25),
    plus=0.2,
)
"""Whom the drift `new-segment` brings: they like what the others do not, from a country of their own."""

_LAWS: Final = np.random.default_rng(1_947)
BRANDS: Final = (
    "Orvel", "Tamsin", "Kestrel", "Northway", "Luma", "Brightwell", "Harken", "Solenne", "Quillon", "Fernby", "Altamar",
    "Voss", "Pemberly", "Rilke", "Ostara", "Dunmore", "Calyx", "Marlowe", "Zephyr", "Ironbark", "Petra", "Sundry",
    "Elmwood", "Nimbus",
)  # fmt: skip
BRAND_ASPECTS: Final[NDArray[np.float64]] = _LAWS.normal(0.0, 0.5, (len(BRANDS), len(ASPECTS)))
"""`[brands, aspects]`: what a brand is good at; its items are much like it."""
CATEGORY_CENTRES: Final[NDArray[np.float64]] = _LAWS.uniform(-0.8, 0.8, (8, CATEGORY_DIMENSIONS))
"""`[categories, CATEGORY_DIMENSIONS]`, in the order of `vocabulary.CATEGORIES`."""
IMAGE_PROJECTION: Final[NDArray[np.float64]] = _LAWS.normal(0.0, 1.0, (DIMENSIONS, IMAGE_DIMENSION))
"""`[DIMENSIONS, IMAGE_DIMENSION]`: a picture shows what a thing is and what it is like."""
