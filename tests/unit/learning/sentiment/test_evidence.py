from hypothesis import given
from hypothesis import strategies as st

from contento.learning.sentiment.evidence import TEXTS, Said, shortened, telling_texts
from contento.learning.sentiment.words import KEPT_WORDS, WordCounts, words_of


def said(*texts: tuple[str, float], start_ms: int = 0) -> list[Said]:
    return [Said(at_ms=start_ms + n, satisfaction=value, text=text) for n, (text, value) in enumerate(texts)]


def background() -> WordCounts:
    counts = WordCounts()
    for _ in range(100):
        counts.add(words_of("nice kettle, good price"), 0.9)
        counts.add(words_of("the courier was late"), 0.2)
        counts.add(words_of("nothing special about this kettle"), 0.5)
    for _ in range(5):
        counts.add(words_of("lid broke"), 0.1)
    return counts


def telling(texts: list[Said], since_ms: int = 0) -> list[str]:
    return telling_texts(texts, background(), since_ms=since_ms, below=0.6, mask=lambda text: text)


def test_texts_typical_of_the_fall_come_first() -> None:
    chosen = telling(said(
        ("the courier was late", 0.2), ("after three days my lid broke", 0.2), ("nothing special, this kettle", 0.2),
        ("lid broke on day one", 0.2), ("so happy with it", 0.9), ("lid broke again, unsafe thing", 0.2),
    ))  # fmt: skip
    assert all("lid" in text for text in chosen[:2])
    assert "so happy with it" not in chosen


def test_the_unhappier_come_first_and_none_twice() -> None:
    chosen = telling(said(("lid broke", 0.5), ("lid broke twice today", 0.0), ("lid broke", 0.5), ("Lid broke!", 0.5)))
    assert chosen == ["lid broke twice today", "Lid broke!"]


def test_texts_since_the_fall_are_preferred() -> None:
    texts = said(("lid broke yesterday", 0.1)) + said(("handle came off", 0.1), start_ms=100)
    assert telling(texts, since_ms=50) == ["handle came off"]
    assert telling(texts, since_ms=500)  # none since: better old ones than none


def test_masking_comes_before_cutting() -> None:
    text = "x" * 190 + " jane@example.com"
    chosen = telling_texts(
        said((text, 0.1)), background(), since_ms=0, below=0.6, mask=lambda t: t.replace("jane@example.com", "[email]")
    )
    assert chosen == ["x" * 190 + " [email]"]


@given(st.lists(st.tuples(st.text(max_size=80), st.floats(0, 1)), max_size=30))
def test_any_texts_do(texts: list[tuple[str, float]]) -> None:
    chosen = telling(said(*texts))
    assert len(chosen) <= TEXTS
    assert len(set(chosen)) == len(chosen)


@given(st.text(max_size=2000), st.integers(10, 300))
def test_shortened(text: str, length: int) -> None:
    short = shortened(text, length)
    assert len(short) <= length + 1
    assert "\n" not in short
    if len(" ".join(text.split())) <= length:
        assert short == " ".join(text.split())


def test_words() -> None:
    assert words_of("The LID broke, the lid BROKE! 4x Größe") == ("lid", "broke", "größe")


@given(st.lists(st.tuples(st.lists(st.text("abcdefgh", min_size=3, max_size=4), max_size=9), st.floats(0, 1))))
def test_counts_are_those_of_the_texts(texts: list[tuple[list[str], float]]) -> None:
    counts = WordCounts()
    for words, value in texts:
        counts.add(dict.fromkeys(words), value)
    for word in {word for words, _ in texts for word in words}:
        assert counts.counts[word][0] == sum(word in words for words, _ in texts)
        assert counts.counts[word][1] == sum(word in words and value < 0.4 for words, value in texts)
        assert 0 < counts.bitterness(word) < 1


def test_words_are_bounded_and_the_old_fade() -> None:
    counts = WordCounts()
    for number in range(9000):
        counts.add([f"once{number}", "always", *(["early"] if number < 1000 else [])], 0.2)
    assert len(counts.counts) <= KEPT_WORDS
    assert counts.frequency("always") > 0.95
    assert counts.frequency("early") < 0.1
