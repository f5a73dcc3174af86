"""What holds for every text."""

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from planted_data import HARMLESS, PLANTS

from contento.privacy.kinds import KINDS, Kind, placeholder
from contento.privacy.personal_data import PersonalData
from contento.privacy.rules import PHONE_REGIONS, Rule, rules

MASK = PersonalData()
RULES = rules((), PHONE_REGIONS)
ANYTHING = re.compile("")
PLACEHOLDER = re.compile("|".join(re.escape(placeholder(kind)) for kind in KINDS))

plants = st.builds(
    lambda kind, seed: PLANTS[kind](Random(seed)), st.sampled_from(sorted(PLANTS)), st.integers(0, 10**6)
)
noise = st.text(alphabet="aBx1234567890 .,:;@/-+()[]_#%'\"\n\u00e9\u0663\u30fc\u017f\u212a\U0001f44d", max_size=12)
texts = st.lists(
    plants | noise | st.sampled_from(HARMLESS) | st.sampled_from(sorted(map(placeholder, KINDS))) | st.text(max_size=8),
    max_size=6,
).flatmap(lambda parts: st.sampled_from(["", " ", ", "]).map(lambda by: by.join(parts)))
thorough = settings(max_examples=100, deadline=None)


@thorough
@given(text=texts)
@example(text="jane@example.com@omar")
@example(text="1.2.3.4.5.6.7.8")
@example(text="[[email]email]")
def test_masking_twice_changes_nothing(text: str) -> None:
    once = MASK.mask(text)
    again = MASK.mask(once.text)
    assert again.text == once.text
    assert not again.counts
    assert MASK.mask(text) == once


@thorough
@given(text=texts)
def test_all_but_what_is_masked_stays_as_it_was(text: str) -> None:
    masked = MASK.mask(text)
    parts = PLACEHOLDER.split(masked.text)
    assert re.fullmatch("(?s)" + ".*".join(map(re.escape, parts)), text)
    assert sum(masked.counts.values()) >= len(parts) - 1 - len(PLACEHOLDER.findall(text))
    assert masked.counts or masked.text == text


@thorough
@given(text=texts)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.kind))
def test_a_filter_passes_over_no_text_that_holds_what_its_recognizers_find(rule: Rule, text: str) -> None:
    found = list(replace(rule, must_hold=ANYTHING).findings(text))
    if rule.kind == "phone":  # by our own law a phone number has seven digits
        found = [each for each in found if sum(sign.isdecimal() for sign in text[each.start : each.end]) >= 7]
    if rule.kind == "ip":  # and an address a digit: "bad::" is none
        found = [each for each in found if re.search(r"\d", text[each.start : each.end])]
    assert list(rule.findings(text)) == found


@thorough
@given(
    kind=st.sampled_from(sorted(PLANTS)),
    seed=st.integers(0, 10**6),
    before=st.text(alphabet="abc XYZ é 日本 ü 👍 ,.!?\n", max_size=20),
    after=st.text(alphabet="abc XYZ é 日本 ü 👍 ,.!?\n", max_size=20),
)
def test_personal_data_is_found_wherever_it_stands(kind: Kind, seed: int, before: str, after: str) -> None:
    plant = PLANTS[kind](Random(seed))
    masked = MASK.mask(f"{before} {plant} {after}")
    assert plant not in masked.text
    assert masked.text.startswith(f"{before} [")
    assert masked.text.endswith(f"] {after}")
    assert sum(masked.counts.values()) == 1
