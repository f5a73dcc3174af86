from collections.abc import Iterator, Sequence

import pytest
from unit.learning.sentiment.shop import Fall, Shop, group_of, letters, no_fall, told, watch

from contento.contracts.messages import DriftKind, Feedback, Score, Severity, TextKind
from contento.contracts.validation import time_ms
from contento.learning.judged import Judged
from contento.learning.sentiment.watch import SentimentOptions, SentimentWatch
from contento.privacy.personal_data import PersonalData

WARM = 6000


def by_item(item: str, _group: str, _segment: str, _words: Sequence[str]) -> float:
    return 0.4 * (item == "i7")


def by_group(_item: str, group: str, _segment: str, _words: Sequence[str]) -> float:
    return 0.3 * (group == "g2")


def by_segment(_item: str, _group: str, segment: str, _words: Sequence[str]) -> float:
    return 0.3 * (segment == "s1")


def by_word(_item: str, _group: str, _segment: str, words: Sequence[str]) -> float:
    return 0.35 * ("delivery" in words)


def everywhere(_item: str, _group: str, _segment: str, _words: Sequence[str]) -> float:
    return 0.25


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("fall", "monitor", "within"),
    [
        (by_item, "satisfaction/item/i7", 2500),
        (by_group, "satisfaction/group/g2", 400),
        (by_segment, "satisfaction/segment/s1", 400),
        (by_word, "satisfaction/topic/delivery", 500),
        (everywhere, "satisfaction/everywhere", 120),
    ],
)
def test_a_fall_is_told_once_of_what_accounts_for_it(fall: object, monitor: str, within: int, seed: int) -> None:
    shop, watching = Shop(seed), watch()
    assert told(watching, shop.scores(WARM)) == []
    begin_ms = shop.now_ms
    alerts = told(watching, shop.scores(4000, fall))  # type: ignore[arg-type]
    assert [alert.monitor for _, alert in alerts] == [monitor]
    number, alert = alerts[0]
    assert number <= within
    assert alert.kind == DriftKind.DRIFT_KIND_SATISFACTION
    assert alert.after.value < alert.before.value - 0.12
    assert alert.before.upper > alert.after.upper
    assert 0.98 < alert.confidence < 1.0
    assert time_ms(alert.detected_time) == begin_ms + number * shop.step_ms
    assert abs(time_ms(alert.change_time) - begin_ms) <= max(number, 200) * shop.step_ms
    assert alert.evidence
    assert all("awful" in text for text in alert.evidence)
    assert alert.bundle == "b1"
    assert (alert.segment, alert.item_group) == {
        "satisfaction/item/i7": ("", group_of("i7")), "satisfaction/group/g2": ("", "g2"),
        "satisfaction/segment/s1": ("s1", ""),
    }.get(monitor, ("", ""))  # fmt: skip
    assert alert.severity == (Severity.SEVERITY_NOTICE if "topic" in monitor else Severity.SEVERITY_TICKET)


def test_several_items_are_each_told() -> None:
    shop, watching = Shop(4), watch()
    told(watching, shop.scores(WARM))
    items = {"i3", "i7", "i20"}
    alerts = told(watching, shop.scores(5000, lambda item, _g, _s, _w: 0.45 * (item in items)))
    assert sorted(alert.monitor for _, alert in alerts) == sorted(f"satisfaction/item/{item}" for item in items)


def test_a_topics_texts_hold_its_word() -> None:
    shop, watching = Shop(1), watch()
    told(watching, shop.scores(WARM))
    ((_, alert),) = told(watching, shop.scores(1500, by_word))
    assert alert.item_group == ""
    assert all("delivery" in text for text in alert.evidence)


def test_words_that_go_together_are_told_once() -> None:
    shop, watching = Shop(1), watch()

    def coupled(count: int, fall: Fall) -> Iterator[Score]:
        for score in shop.scores(count, fall):
            score.features.text = score.features.text.replace("delivery", "delivery courier parcel")
            yield score

    assert told(watching, coupled(WARM, no_fall)) == []
    alerts = told(watching, coupled(3000, by_word))
    assert len(alerts) == 1
    assert alerts[0][1].monitor.removeprefix("satisfaction/topic/") in {"delivery", "courier", "parcel"}


def test_what_falls_further_after_the_cool_down_is_told_again() -> None:
    shop, watching = Shop(1), watch(cool_down_hours=6.0)
    told(watching, shop.scores(WARM))
    first = told(watching, shop.scores(3000, lambda item, _g, _s, _w: 0.25 * (item == "i39")))
    second = told(watching, shop.scores(5000, lambda item, _g, _s, _w: 0.55 * (item == "i39")))
    assert [alert.monitor for _, alert in first + second] == ["satisfaction/item/i39"] * 2
    assert second[0][1].before.value == pytest.approx(first[0][1].after.value, abs=0.12)
    assert first[0][1].alert_id != second[0][1].alert_id


def test_one_user_alone_raises_nothing() -> None:
    shop, watching = Shop(1), watch()
    told(watching, shop.scores(WARM))
    angry = []
    for number in range(400):
        shop.now_ms += shop.step_ms
        angry.append(shop.score("i7", 0.0, user="troll", text=f"awful {'x' * (3 + number % 20)}{number}"))
    assert told(watching, iter(angry)) == []


def test_a_new_bundle_that_scores_lower_is_no_fall_of_satisfaction() -> None:
    shop, watching = Shop(1), watch()
    told(watching, shop.scores(WARM))
    shop.bundle = "b2"
    assert told(watching, shop.scores(3000, lambda *_: 0.15)) == []
    assert [a.monitor for _, a in told(watching, shop.scores(600, lambda *_: 0.4))] == ["satisfaction/everywhere"]


@pytest.mark.parametrize("change", ["candidate", "anomaly", "unscored"])
def test_what_says_nothing_is_passed_over(change: str) -> None:
    shop, watching = Shop(1), watch()
    told(watching, shop.scores(WARM))
    watching.changed()

    def altered(score: Score) -> Score:
        if change == "candidate":
            score.arm = "candidate"
        elif change == "anomaly":
            score.anomaly = True
        else:
            score.ClearField("satisfaction")
        return score

    assert told(watching, (altered(score) for score in shop.scores(1000, everywhere))) == []
    assert set(watching.changed()) == {"watch"}


def judged(score: Score, user: str, comment: str = "", **labels: object) -> Judged:
    feedback = Feedback(feedback_id=f"{score.event_id}-{user}", user_id=user, event_id=score.event_id, comment=comment)
    feedback.time.CopyFrom(score.event_time)
    made: dict[str, object] = {"rating": None, "satisfaction": None, "outcome": None, **labels}
    return Judged(score=score, feedback=feedback, delay_ms=0, **made)  # type: ignore[arg-type]


def test_labels_that_fall_everywhere_page() -> None:
    shop, watching = Shop(1), watch()
    alerts = []
    for number, score in enumerate(shop.scores(4000)):
        score.features.text = ""
        watching.scored(score)
        happy = number < 3000 and number % 4 != 0
        alerts += watching.judged(judged(score, score.user_id, satisfaction=2 if happy else 0))
    assert [alert.monitor for alert in alerts] == ["satisfaction/everywhere"]
    assert alerts[0].severity == Severity.SEVERITY_PAGE
    assert alerts[0].before.value == pytest.approx(0.75, abs=0.05)


def test_ratings_and_their_comments_name_an_item_and_say_why() -> None:
    shop, watching = Shop(1), watch()
    alerts = []
    for number, score in enumerate(shop.scores(9000)):
        score.features.text = ""
        watching.scored(score)
        broken = number > WARM and score.item_id == "i7"
        comment = f"the lid broke off, {number} times" if broken else f"nice thing {number}"
        alerts += watching.judged(judged(score, score.user_id, comment=comment, rating=1.0 if broken else 4.0))
    assert [alert.monitor for alert in alerts] == ["satisfaction/item/i7"]
    assert "the lid broke off" in alerts[0].evidence[0]
    assert alerts[0].after.value == 0.0


def test_an_outcome_alone_says_nothing() -> None:
    shop, watching = Shop(1), watch()
    score = next(shop.scores(1))
    watching.scored(score)
    watching.changed()
    assert watching.judged(judged(score, "u1", outcome=("click", False))) == []
    assert set(watching.changed()) == {"watch"}


def test_personal_data_is_masked_and_texts_are_short() -> None:
    personal = PersonalData()
    watching = SentimentWatch(item_group_of=group_of, mask=lambda text: personal.mask(text).text)
    shop = Shop(1)
    told(watching, shop.scores(WARM))

    def complaints() -> list[Score]:
        made = list(shop.scores(1500, everywhere))
        for score in made:
            if score.satisfaction.value < 0.5:
                score.features.text = f"{score.features.text} write to jane{score.user_id}@example.com " + "very " * 100
        return made

    ((_, alert),) = told(watching, iter(complaints()))
    assert any("[email]" in text for text in alert.evidence)
    assert "@" not in "".join(alert.evidence)
    assert all(len(text) <= 201 for text in alert.evidence)


def test_an_items_own_text_is_no_opinion() -> None:
    shop, watching = Shop(1), watch()
    told(watching, shop.scores(WARM))
    watching.changed()
    for number in range(50):
        shop.now_ms += shop.step_ms
        score = shop.score("i99", 0.1, user=f"u{number}", text="A kettle with a lid, of steel.")
        score.features.text_kind = TextKind.TEXT_KIND_ITEM
        watching.scored(score)
    assert not [name for name in watching.changed() if name.startswith("texts/")]
    watching.scored(shop.score("i99", 0.1, user="u99", text="Its lid broke."))
    assert "texts/item/i99" in watching.changed()


def test_what_users_search_for_is_no_opinion() -> None:
    shop, watching = Shop(1), watch()
    score = next(shop.scores(1))
    score.item_id, score.event_type = "", "search"
    watching.scored(score)
    assert "words" not in watching.changed()


def test_memory_is_bounded() -> None:
    watching = SentimentWatch(
        SentimentOptions(items=10, topics=5, groups=3, segments=2, texts=3),
        item_group_of=lambda item: f"g{item}",
        mask=lambda text: text,
    )
    shop = Shop(1)
    entries: dict[str, bytes] = {}
    for number in range(3000):
        shop.now_ms += shop.step_ms
        watching.scored(
            shop.score(
                f"i{number % (50 if number % 3 else 5)}",
                0.2,
                user=f"u{number}",
                segment=f"s{number % 7}",
                text=f"awful word{letters(number % 8)} since {letters(number)}",
            )
        )
        for name, entry in watching.changed().items():
            if entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
    kinds = [name.split("/")[0] for name in entries]
    assert kinds.count("item") == 10
    assert kinds.count("group") == 3
    assert kinds.count("segment") == 2
    assert kinds.count("topic") == 5
    assert kinds.count("texts") <= 21
    assert sum(map(len, entries.values())) < 100_000
