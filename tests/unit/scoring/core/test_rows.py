import numpy as np
import xxhash
from unit.scoring.world import a_record, an_event

from contento.contracts.messages import Embedding, Factors, History, Item, TextKind, UserEvent
from contento.inference.base import LiveBundle
from contento.model.factors import factor_values
from contento.model.features import append, identity
from contento.model.interface import FACTOR_RANK, FACTOR_VALUES, HISTORY_LENGTH, TOWERS, ScorerInputs
from contento.scoring.core.rows import MAX_ENCODED_CHARACTERS, Text, build_rows, texts
from contento.scoring.core.selection import NewEvent
from contento.state.base import ItemState, UserState

BUNDLE = LiveBundle(bundle="b", encoder="enc", text_dimension=3, image_dimension=2, image_encoder="eyes")
OTHER = LiveBundle(bundle="c", encoder="enc2", text_dimension=3, image_dimension=2, image_encoder="other eyes")
KETTLE = Item(
    item_id="i", title="Kettle", description="boils", image_embedding=Embedding(values=[5, 6], encoder="eyes")
)
FACTORS = Factors(n=3, mean=[0.5] * (FACTOR_RANK + 1))


def new(event: UserEvent, before: History | None = None) -> NewEvent:
    return NewEvent(record=a_record(event, 0), event=event, before=before or History())


def rows(
    events: list[NewEvent],
    *,
    items: dict[str, ItemState] | None = None,
    factors: Factors | None = None,
    live: list[LiveBundle] | None = None,
) -> ScorerInputs:
    items = items or {}
    live = live or [BUNDLE] * len(events)
    found = texts(events, items)
    return build_rows(
        events,
        users={each.event.user_id: UserState(factors=factors) for each in events},
        items=items,
        arms=["serving"] * len(events),
        live=live,
        texts=found,
        embeddings={
            (bundle.encoder, text.key): np.full(3, row + 0.5, np.float16)
            for row, (bundle, text) in enumerate(zip(live, found, strict=True))
        },
    )


def present(inputs: ScorerInputs, row: int) -> set[str]:
    return {tower for tower, there in zip(TOWERS, inputs.present[row], strict=True) if there}


def test_an_events_own_text_comes_before_its_items() -> None:
    items = {"i": ItemState(meta=KETTLE)}
    own, items_, none, blank = texts(
        [new(an_event(1, text=" mine ")), new(an_event(2)), new(an_event(3, item="x")), new(an_event(4, text=" \n"))],
        items,
    )
    assert own == Text(text="mine", key=xxhash.xxh3_128_hexdigest(b"mine"))
    assert (items_.text, items_.kind) == ("Kettle. boils", TextKind.TEXT_KIND_ITEM)
    assert none == blank == Text(text="", key="")


def test_long_texts_that_begin_alike_share_an_embedding() -> None:
    one, other = texts([new(an_event(1, text="a" * 5000)), new(an_event(2, text="a" * 6000))], {})
    assert one == other
    assert len(one.text) == MAX_ENCODED_CHARACTERS


def test_a_bare_event_has_behaviour_alone() -> None:
    inputs = rows([new(an_event(1))])
    assert present(inputs, 0) == {"behaviour"}
    assert inputs.image is None
    assert inputs.encoder.tolist() == [""]
    assert not inputs.text.any()
    assert not inputs.factors.any()
    assert inputs.factors.shape == (1, FACTOR_VALUES)


def test_each_row_has_what_its_event_and_item_give() -> None:
    items = {"i": ItemState(meta=KETTLE, factors=FACTORS)}
    inputs = rows([new(an_event(1)), new(an_event(2, item="x", text="words"))], items=items)
    assert present(inputs, 0) == set(TOWERS)
    assert present(inputs, 1) == {"text", "behaviour"}
    assert inputs.text.tolist() == [[0.5] * 3, [1.5] * 3]
    assert inputs.image is not None
    assert inputs.image.tolist() == [[5, 6], [0, 0]]
    np.testing.assert_array_equal(inputs.factors[0], factor_values(None, FACTORS))
    assert not inputs.factors[1].any()


def test_an_events_own_image_comes_before_its_items() -> None:
    event = an_event(1)
    event.image_embedding.CopyFrom(Embedding(values=[1, 2], encoder="eyes"))
    inputs = rows([new(event)], items={"i": ItemState(meta=KETTLE)})
    assert inputs.image is not None
    assert inputs.image.tolist() == [[1, 2]]


def test_an_image_of_another_encoder_or_length_is_not_used() -> None:
    strange, long = an_event(1, item="x"), an_event(2, item="x")
    strange.image_embedding.CopyFrom(Embedding(values=[1, 2], encoder="unknown"))
    long.image_embedding.CopyFrom(Embedding(values=[1, 2, 3], encoder="eyes"))
    inputs = rows([new(strange), new(long)])
    assert inputs.image is None
    assert present(inputs, 0) == present(inputs, 1) == {"behaviour"}


def test_each_row_is_made_for_the_bundle_that_answers_it() -> None:
    inputs = rows([new(an_event(1, text="a")), new(an_event(2, text="a"))], live=[BUNDLE, OTHER])
    assert inputs.encoder.tolist() == ["enc", "enc2"]
    assert inputs.text[:, 0].tolist() == [0.5, 1.5]


def test_the_history_ends_with_the_event() -> None:
    before = append(History(), an_event(1, item="first"), 0.5)
    inputs = rows([new(an_event(2, item="second"), before), new(an_event(3))], factors=FACTORS)
    assert inputs.history_mask.sum(1).tolist() == [2, 1]
    assert inputs.history_ids[0, HISTORY_LENGTH - 2 :, 1].tolist() == [identity("first"), identity("second")]
    assert present(inputs, 0) == {"behaviour", "factors"}
