import pytest

from contento.model.config import DEFAULT_ENCODER
from contento.model.encoder import TextEncoder, Token
from contento.model.explanation.words import Word, split_words, tokens_of_words

TEXTS = (
    "Isn't it so-so? 1.7 l, $5.00!!!",
    "👍🏽 great 👨‍👩‍👧 from 🇮🇹 with ❤️ 1️⃣",
    "(see https://a.example/b?c=1&d=[2]). @bob said #top, mail someone@example.com or www.x.org!",
    "café naïve ÜBER straße  \n\t tabs\u00a0and unprintable\u200b things",
    "中文 <script>alert('x')</script>",
    "   ",
    "",
)


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder(DEFAULT_ENCODER)


@pytest.mark.parametrize("text", TEXTS)
def test_words_and_white_space_are_the_whole_text(text: str) -> None:
    words = split_words(text)
    rest, end = "", 0
    for word in words:
        assert word.start >= end
        assert word.end > word.start
        rest += text[end : word.start]
        end = word.end
    assert not (rest + text[end:]).strip()


def test_links_mentions_and_emoji_are_one_word_each() -> None:
    def words(text: str) -> list[str]:
        return [text[word.start : word.end] for word in split_words(text)]

    assert words(TEXTS[0]) == ["Isn't", "it", "so-so", "?", "1.7", "l", ",", "$", "5.00", "!", "!", "!"]
    assert words(TEXTS[1]) == ["👍🏽", "great", "👨‍👩‍👧", "from", "🇮🇹", "with", "❤️", "1️⃣"]
    assert words(TEXTS[2]) == [
        *("(", "see", "https://a.example/b?c=1&d=[2", "]", ")", ".", "@bob", "said", "#top", ","),
        *("mail", "someone@example.com", "or", "www.x.org", "!"),
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_each_token_belongs_to_the_word_it_stands_in(encoder: TextEncoder, text: str) -> None:
    tokens, words = encoder.tokens(text), split_words(text)
    places = tokens_of_words(words, tokens)
    assert sorted(place for own in places for place in own) == [
        place for place, token in enumerate(tokens) if not token.special
    ]
    for word, own in zip(words, places, strict=True):
        for place in own:
            assert word.start <= tokens[place].start < tokens[place].end <= word.end


def test_a_token_over_two_words_belongs_to_the_longer_part() -> None:
    words = [Word(0, 2), Word(3, 9)]
    tokens = [Token(1, 0, 0, True), Token(2, 0, 6, False), Token(3, 6, 9, False), Token(4, 2, 3, False)]
    assert tokens_of_words(words, tokens) == [[], [1, 2]]


def test_the_encoders_ids_are_those_it_encodes(encoder: TextEncoder) -> None:
    tokens = encoder.tokens("isn't good", 4)
    assert [token.special for token in tokens] == [True, False, False, True]
    assert encoder.blank == ("[MASK]", 103)
