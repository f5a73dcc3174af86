"""What is masked in the real data sets, where they lie beside the repository."""

import re
from collections import Counter
from pathlib import Path

import pytest

from contento.contracts.messages import UserEvent
from contento.privacy.kinds import KINDS
from contento.privacy.personal_data import PersonalData
from contento.privacy.source import masked_source
from contento.training.readers import open_source

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
TWEETS = f"csv:{DATA / 'airline-tweets' / 'tweets.csv.gz'}?time=ts_ms&text=text&label=airline_sentiment"
REVIEWS = f"csv:{DATA / 'amazon-musical-instruments' / 'reviews.csv.gz'}?text=summary,reviewText&rating=overall"
ADDRESS = re.compile(r"[\w.+-]+@\w+\.(?:com|net|org|co)\b|https?://\w|\bwww\.\w|(?<!\w)@[A-Za-z_]\w")
"""A second opinion, simple enough to be seen to be right."""

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real data sets in ../shared/data"),
]


@pytest.mark.parametrize(
    ("spec", "masked", "changed"),
    [
        (TWEETS, {"handle": 16_475, "link": 1_211, "phone": 33, "email": 16, "ip": 1}, 14_640),
        (REVIEWS, {"email": 10, "link": 7, "phone": 5}, 21),
    ],
    ids=["tweets", "reviews"],
)
def test_what_is_masked(spec: str, masked: dict[str, int], changed: int) -> None:
    told: Counter[str] = Counter()
    source = open_source(spec)
    differing = 0
    for before, after in zip(
        source.records(), masked_source(source, PersonalData(), report=told.update).records(), strict=True
    ):
        if isinstance(before, UserEvent) and isinstance(after, UserEvent):
            assert not ADDRESS.search(after.text)
            differing += before.text != after.text
            before.text = after.text
        assert after == before
    assert told == masked
    assert set(told) <= set(KINDS)
    assert differing == changed
