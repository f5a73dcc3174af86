import json

from contento.learning.drift.visits import Visit, Visits


def label(visits: Visits, user: str, value: float, at: int = 0) -> list[Visit]:
    return visits.add(Visit(user, "s", f"e{at}", "b", at, at), [("error/rating", value)])


def test_of_labels_given_in_one_go_the_first_is_heard_at_once_and_the_others_mean_afterwards() -> None:
    visits = Visits()
    heard = [label(visits, "ann", value, at) for at, value in enumerate((0.9, 0.0, 1.0, 0.5))]
    assert [[each.means() for each in turn] for turn in heard] == [[[("error/rating", 0.9)]], [], [], []]
    later = [each for at in range(4, 12) for each in label(visits, f"other{at}", 0.2, at) if each.user == "ann"]
    assert [(each.means(), each.labels) for each in later] == [([("error/rating", 0.5)], 3)]
    assert (later[0].begin_ms, later[0].end_ms, later[0].event_id) == (1, 3, "e3")


def test_a_visit_goes_on_while_others_speak_in_between() -> None:
    visits = Visits()
    heard = [each.user for at in range(10) for user in ("ann", "bob") for each in label(visits, user, 0.1, at)]
    assert heard == ["ann", "bob"]


def test_where_every_label_is_a_visit_each_is_heard_once_and_at_once() -> None:
    visits = Visits()
    heard = [[each.user for each in label(visits, f"u{at}", 0.1, at)] for at in range(20)]
    assert heard == [[f"u{at}"] for at in range(20)]


def test_who_never_stops_is_heard_now_and_then() -> None:
    visits = Visits()
    heard = [each.labels for at in range(600) for each in label(visits, "bot", 0.1, at)]
    assert heard == [1, 256, 1, 256, 1]


def test_who_has_no_name_is_heard_at_once() -> None:
    visits = Visits()
    assert [each.labels for each in label(visits, "", 0.1)] == [1]
    assert [each.labels for each in label(visits, "", 0.1)] == [1]


def test_signals_that_some_labels_lack_have_means_of_their_own() -> None:
    visits = Visits()
    label(visits, "ann", 0.7)
    visits.add(Visit("ann", "", "e", "b", 0, 0), [("error/rating", 0.2), ("bias/rating", 0.4)])
    visits.add(Visit("ann", "", "e", "b", 1, 1), [("error/rating", 0.4)])
    (over,) = [each for at in range(8) for each in label(visits, f"o{at}", 0.0) if each.user == "ann"]
    assert dict(over.means()) == {"error/rating": (0.2 + 0.4) / 2, "bias/rating": 0.4}


def test_restored_it_goes_on_as_it_was() -> None:
    one, other = Visits(), Visits()
    for at in range(30):
        user = f"u{at % 5 if at < 20 else at}"
        assert label(one, user, at / 30, at) == label(other, user, at / 30, at)
        restored = Visits()
        restored.restore(json.loads(json.dumps(other.state())))
        other = restored
    assert one.state() == other.state()
