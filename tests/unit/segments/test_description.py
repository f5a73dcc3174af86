import pytest
from crowd import SMALL, Crowd, play

from contento.contracts.messages import Segment, SegmentChangeKind
from contento.segments.description import portray
from contento.segments.segmenter import Segmenter
from contento.segments.tally import Tally


def tally(rows: list[tuple[int, str, str, str, float, float]]) -> Tally:
    """Return counters of so many events of a type, with a group and words, each liked and satisfying so much."""
    made = Tally()
    for count, kind, group, words, liking, satisfaction in rows:
        for _ in range(count):
            made.add((("types", (kind,)), ("groups", (group,)), ("words", words.split())), liking, satisfaction)
    return made


def test_what_tells_a_segment_is_said_in_sentences() -> None:
    mine = tally([(500, "search", "tents", "cheap deal the", 2, 0.7), (100, "view", "sofas", "premium the", 0.2, 0.4)])
    rest = tally([(100, "search", "tents", "cheap the", 0.5, 0.6), (900, "view", "sofas", "premium the", 2, 0.7)])
    found = portray(mine, [rest], users=24, share=0.24, satisfaction=0.62)
    assert found.description == (
        "They search more than others, and look at items less. They like 'tents', 'deal' and 'cheap'. "
        "They care less for 'sofas' and 'premium'. 24 % of users, satisfaction 0.62."
    )
    assert found.name == "tents, deal, cheap"
    assert found.likes == ("tents", "deal", "cheap")
    assert "the" not in found.likes + found.dislikes


def test_users_like_the_others_are_told_so() -> None:
    rows = [(300, "view", "tents", "a tent", 1.0, 0.5), (100, "cart", "sofas", "a sofa", 1.0, 0.5)]
    found = portray(tally(rows), [tally(rows)], users=3, share=0.5, satisfaction=None)
    assert found.description == "Nothing tells them from the others yet. 50 % of users."
    assert found.name == "average users"


def test_what_chance_can_make_is_not_told() -> None:
    mine = tally([(300, "view", "", "plain", 1, 0.5), (2, "return", "", "rare", 1, 0.5)])
    rest = tally([(300, "view", "", "plain", 1, 0.5)])
    found = portray(mine, [rest], users=1, share=0.5, satisfaction=0.5)
    assert found.more == found.less == found.likes == found.dislikes == ()


def test_what_disappoints_them_alone_is_disliked() -> None:
    mine = tally([(200, "view", "tents", "", 1, 0.2), (200, "view", "sofas", "", 1, 0.7)])
    rest = tally([(200, "view", "tents", "", 1, 0.7), (200, "view", "sofas", "", 1, 0.7)])
    assert portray(mine, [rest], users=1, share=0.5, satisfaction=0.4).dislikes == ("tents",)
    assert portray(rest, [mine], users=1, share=0.5, satisfaction=0.7).dislikes == ("sofas",)


def test_an_unknown_event_type_is_quoted() -> None:
    mine, rest = tally([(400, "swipe", "", "", 1, 0.5)]), tally([(400, "view", "", "", 1, 0.5)])
    found = portray(mine, [rest], users=1, share=0.5, satisfaction=0.5)
    assert found.description.startswith("They make 'swipe' events more than others, and look at items less.")


def test_segments_of_a_crowd_are_described_by_what_was_planted() -> None:
    crowd, segmenter = Crowd(90, 3, words=True), Segmenter(SMALL, item_group_of=lambda item: f"group {item[1]}")
    play(segmenter, crowd, 4_000)
    messages = segmenter.segments()
    assert [message.segment_id for message in messages] == list(segmenter.ids)
    for group, words in enumerate((("cheap", "deal"), ("premium", "leather"), ("fast", "courier"))):
        segment = segmenter.segment_of(f"u{group}")
        portrait = segmenter.portrait(segment)
        assert {f"group {group}", *words} <= set(portrait.likes)
        assert portrait.share == pytest.approx(1 / 3, abs=0.05)
        assert portrait.satisfaction == pytest.approx(0.2 + 0.1 * group, abs=0.04)
        assert all(item.startswith(f"i{group}-") for item in portrait.items[:5])
        (message,) = [each for each in messages if each.segment_id == segment]
        assert Segment.FromString(message.SerializeToString()) == message
        assert message.description == portrait.description == segmenter.describe(segment)
        assert message.representative_item_ids == list(portrait.items)
        assert message.changes[0].kind in {
            SegmentChangeKind.SEGMENT_CHANGE_KIND_BORN,
            SegmentChangeKind.SEGMENT_CHANGE_KIND_SPLIT,
        }
        assert message.since.seconds <= message.updated.seconds
    assert sum(message.users for message in messages) == 90


def test_counters_stay_small_however_many_words_there_are() -> None:
    made = Tally()
    for number in range(60_000):
        made.add((("words", (f"w{number}", "often")), ("items", (f"i{number}",))), 1.0, 0.5)
    assert len(made.names["words"]) <= 2 * 1024
    assert len(made.names["items"]) <= 2 * 256
    assert made.total.events <= 50_000
    assert made.names["words"]["often"].events == pytest.approx(made.total.events)
    assert len(made.to_bytes()) < 200_000
    assert Tally.from_bytes(made.to_bytes()) == made
