"""Sentences of the simulated world: item descriptions, queries, reviews whose words carry the opinion, complaints."""

from collections.abc import Callable, Sequence

from contento.simulate import vocabulary as words
from contento.simulate.laws import ASPECTS

Draw = Callable[[], float]
"""Gives the next uniform number in [0, 1)."""


def pick(draw: Draw, choices: Sequence[str]) -> str:
    """Return one of the choices."""
    return choices[int(draw() * len(choices))]


def style_words(draw: Draw, style: Sequence[float]) -> tuple[str, str]:
    """Return a word for each of the two most marked style dimensions."""
    marked = sorted(range(len(style)), key=lambda dimension: -abs(style[dimension]))[:2]
    first, second = (pick(draw, words.STYLES[dimension][style[dimension] < 0]) for dimension in marked)
    return first, second


def describe(draw: Draw, *, category: int, noun: str, brand: str, style: Sequence[float]) -> tuple[str, str]:
    """Return title and description of an item; their words tell its category, brand and style."""
    kind = words.CATEGORIES[category]
    first, second = style_words(draw, style)
    title = f"{brand} {first} {noun}"
    patterns = sorted({pick(draw, words.DESCRIPTIONS) for _ in range(3)})
    feature = int(draw() * len(kind.features))
    sentences = (
        pattern.format(
            style=first,
            style2=second,
            style_cap=first.capitalize(),
            noun=noun,
            brand=brand,
            feature=kind.features[feature],
            feature2=kind.features[(feature + 1) % len(kind.features)],
            use=pick(draw, kind.uses),
        )
        for pattern in patterns
    )
    return title, ". ".join(sentences) + "."


def query(draw: Draw, *, category: int, noun: str, brand: str, style: Sequence[float], again: bool) -> str:
    """Return what a user types who looks for such an item; `again` after a search that found nothing."""
    kind = words.CATEGORIES[category]
    return pick(draw, words.RETRIES if again else words.QUERIES).format(
        style=style_words(draw, style)[0],
        noun=noun,
        brand=brand,
        category=kind.name,
        use=pick(draw, kind.uses),
        feature=pick(draw, kind.features),
    )


def review(draw: Draw, *, rating: int, aspects: Sequence[float], noun: str, brand: str) -> str:
    """Return a review of an item.

    Args:
        draw: Where the choices come from.
        rating: What its writer thinks, 1 to 5.
        aspects: How good the item is in each of `ASPECTS`, about -1 to 1.
        noun: What it is.
        brand: Whose.
    """
    sentences = [pick(draw, words.OPENERS[rating - 1])]
    lean = (rating - 3) / 2
    for _ in range(1 + int(draw() * 3)):
        aspect = int(draw() * len(ASPECTS))
        verdict = _clause(draw, aspect, 0.5 * aspects[aspect] + lean + 0.6 * (draw() - 0.5))
        if verdict not in sentences:
            sentences.append(verdict)
    text = _joined(sentences)
    closer = pick(draw, words.CLOSERS[(rating > 2) + (rating > 3)]) if draw() < 0.6 else ""
    return f"{text} {closer}".strip().format(noun=noun, brand=brand, days=2 + int(draw() * 9))


def complaint(draw: Draw, *, aspects: Sequence[float], noun: str) -> str:
    """Return what an unhappy user writes to support, about the worst aspect of an item."""
    worst = min(range(len(ASPECTS)), key=lambda aspect: aspects[aspect] + 0.8 * draw())
    clause = _clause(draw, worst, -1.0).format(days=2 + int(draw() * 9))
    return pick(draw, words.COMPLAINTS).format(clause=clause, clause_cap=_capital(clause), noun=noun)


def spam(draw: Draw, *, noun: str, brand: str) -> str:
    """Return what a bot posts."""
    return pick(draw, words.SPAM).format(noun=noun, brand=brand)


def _clause(draw: Draw, aspect: int, value: float) -> str:
    return pick(draw, words.VERDICTS[ASPECTS[aspect]][(value > -0.3) + (value > 0.3)])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(sentences: Sequence[str]) -> str:
    return " ".join(f"{_capital(sentence)}." for sentence in sentences)
