"""The words of the simulated world."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of thing that is sold.

    Attributes:
        name: As an item's category states it.
        nouns: What its items are.
        features: What a description may praise; no verdicts.
        uses: What they are for.
        price: Typical price.
    """

    name: str
    nouns: tuple[str, ...]
    features: tuple[str, ...]
    uses: tuple[str, ...]
    price: float


CATEGORIES: Final = (
    Category(
        name="camping",
        nouns=(
            "two-person tent",
            "sleeping bag",
            "camping stove",
            "head torch",
            "trekking pole set",
            "hiking backpack",
        ),
        features=("a waterproof outer shell", "sealed seams", "a packing sack", "reflective cords", "padded straps"),
        uses=("weekends in the hills", "long treks", "family camping", "festival nights"),
        price=85.0,
    ),
    Category(
        name="kitchen",
        nouns=("espresso maker", "chef's knife", "cast iron pan", "stand mixer", "electric kettle", "bread bin"),
        features=(
            "a dishwasher-safe bowl",
            "a riveted handle",
            "a one-litre tank",
            "an even heating base",
            "a recipe booklet",
        ),
        uses=("busy mornings", "Sunday baking", "small kitchens", "dinner with friends"),
        price=60.0,
    ),
    Category(
        name="audio",
        nouns=(
            "wireless headphones",
            "bookshelf speakers",
            "turntable",
            "portable speaker",
            "soundbar",
            "studio microphone",
        ),
        features=("noise cancelling", "a 30-hour battery", "a detachable cable", "deep bass tuning", "a carrying case"),
        uses=("the daily commute", "home listening", "podcast recording", "garden parties"),
        price=120.0,
    ),
    Category(
        name="furniture",
        nouns=("corner sofa", "oak side table", "bookcase", "office chair", "bed frame", "floor lamp"),
        features=(
            "hidden storage",
            "a washable cover",
            "adjustable feet",
            "soft-close drawers",
            "a ten-minute assembly",
        ),
        uses=("small flats", "reading corners", "home offices", "guest rooms"),
        price=260.0,
    ),
    Category(
        name="clothing",
        nouns=("rain jacket", "wool jumper", "running shoes", "linen shirt", "leather belt", "winter boots"),
        features=("organic cotton lining", "deep pockets", "reinforced seams", "a relaxed cut", "breathable mesh"),
        uses=("wet autumn days", "the office", "trail runs", "travelling light"),
        price=70.0,
    ),
    Category(
        name="garden",
        nouns=("hedge trimmer", "raised planter", "garden hose", "patio heater", "pruning shears", "bird feeder"),
        features=("a soft grip", "a rust-free frame", "a ten-metre reach", "a frost-proof finish", "a spare blade"),
        uses=("balcony gardens", "large lawns", "summer evenings", "vegetable beds"),
        price=48.0,
    ),
    Category(
        name="toys",
        nouns=("wooden train set", "building blocks", "board game", "plush bear", "science kit", "kite"),
        features=(
            "rounded edges",
            "a storage box",
            "washable parts",
            "a rule book in six languages",
            "over 100 pieces",
        ),
        uses=("rainy afternoons", "birthdays", "two to six players", "curious children"),
        price=32.0,
    ),
    Category(
        name="software",
        nouns=(
            "photo editor licence",
            "language course",
            "budgeting app",
            "antivirus plan",
            "music streaming pass",
            "cloud backup",
        ),
        features=("offline mode", "sync on five devices", "weekly updates", "a family plan", "a guided start"),
        uses=("students", "freelancers", "travellers", "the whole family"),
        price=39.0,
    ),
)

STYLES: Final = (
    (("premium", "luxurious", "hand-finished", "exclusive"), ("budget", "no-frills", "affordable", "basic")),
    (("rugged", "heavy-duty", "sturdy", "robust"), ("lightweight", "slim", "delicate", "compact")),
    (("modern", "smart", "minimalist", "sleek"), ("classic", "vintage", "traditional", "retro")),
    (("colourful", "playful", "cheerful", "bold"), ("plain", "understated", "neutral", "discreet")),
)
"""Per style dimension: the words of its positive and of its negative end."""

DESCRIPTIONS: Final = (
    "A {style} {noun} with {feature}",
    "Made for {use}, with {feature} and {feature2}",
    "{style_cap} and {style2}, it comes with {feature}",
    "Designed for {use}",
    "The {noun} by {brand} that goes with {use}",
    "Includes {feature}; well suited to {use}",
)

QUERIES: Final = (
    "{noun}",
    "{style} {noun}",
    "{noun} for {use}",
    "best {style} {noun}",
    "{brand} {noun}",
    "{style} {category}",
    "{noun} with {feature}",
)
RETRIES: Final = ("{noun} in stock", "{category} {noun}", "where is {noun}", "{noun} {noun} sale", "cheap {noun}")

OPENERS: Final = (
    (
        "A complete waste of money",
        "Worst purchase I have made this year",
        "I regret buying this {noun}",
        "Terrible",
        "Absolutely useless",
        "I am furious",
        "Do not buy this",
        "Awful from start to finish",
        "One star is too many",
    ),
    (
        "Disappointing",
        "I expected far more from {brand}",
        "Not what I hoped for",
        "Rather poor",
        "I would not buy it again",
        "Below average",
        "A let-down",
        "This {noun} is mediocre at best",
        "Frustrating",
    ),
    (
        "It is okay",
        "Average",
        "Does the job, nothing more",
        "Mixed feelings",
        "Neither good nor bad",
        "Acceptable for now",
        "A fair {noun} with some flaws",
        "So-so",
        "It has two sides",
    ),
    (
        "Good {noun}",
        "I am pleased with it",
        "Works well for me",
        "Nice purchase",
        "A solid choice",
        "Better than expected",
        "Quite happy so far",
        "Well done, {brand}",
        "I like it a lot",
    ),
    (
        "Absolutely love this {noun}",
        "Perfect",
        "Best {noun} I have ever owned",
        "Fantastic",
        "Exceeded all my expectations",
        "I could not be happier",
        "Five stars",
        "Brilliant from the first day",
        "Everything I wanted and more",
    ),
)
"""Per rating, 1 to 5."""

VERDICTS: Final = {
    "delivery": (
        (
            "it arrived {days} days late",
            "the parcel was crushed",
            "delivery was a nightmare",
            "the courier lost it twice",
            "tracking never worked",
            "the box was open when it came",
            "I am still waiting for half of the order",
        ),
        (
            "delivery took {days} days",
            "it came on the last day promised",
            "shipping was standard",
            "the parcel was left next door",
        ),
        (
            "it arrived a day early",
            "delivery was lightning fast",
            "it was packed with great care",
            "the courier was friendly",
            "shipping was quick and free",
            "it was at my door within {days} hours",
            "tracking was spot on",
        ),
    ),
    "price": (
        (
            "far too expensive for what it is",
            "a rip-off",
            "the price doubled at checkout",
            "I found it cheaper elsewhere",
            "hidden fees everywhere",
            "not worth half the price",
            "overpriced",
        ),
        (
            "the price is about right",
            "it costs what such things cost",
            "the price is neither high nor low",
            "bought it on offer",
        ),
        (
            "great value for money",
            "a real bargain",
            "unbeatable price",
            "worth every penny",
            "cheaper than anywhere else",
            "the discount made it a steal",
            "fairly priced",
        ),
    ),
    "quality": (
        (
            "it broke after {days} days",
            "the material feels cheap",
            "it fell apart in my hands",
            "it stopped working within a week",
            "there was a crack in it",
            "sloppy workmanship",
            "it never worked properly",
            "the finish peels off",
        ),
        (
            "the quality is middling",
            "the material is decent",
            "it is built like most others",
            "some parts feel better than others",
        ),
        (
            "the quality is outstanding",
            "it is built to last",
            "the finish is flawless",
            "the material feels wonderful",
            "everything fits perfectly",
            "superb craftsmanship",
            "it works like a charm",
            "still like new after {days} weeks",
        ),
    ),
    "support": (
        (
            "support never answered",
            "customer service was rude",
            "they refused a refund",
            "I was passed from one agent to another",
            "the hotline hung up on me",
            "nobody takes responsibility",
            "{days} emails and no reply",
        ),
        (
            "support answered after a while",
            "customer service was correct",
            "I got a standard reply",
            "I did not need support",
        ),
        (
            "support solved it within minutes",
            "customer service was lovely",
            "they replaced it without questions",
            "a helpful person answered at once",
            "the refund came the same day",
            "the chat team knew their product",
        ),
    ),
}
"""Per aspect: clauses that are negative, neutral and positive."""

CLOSERS: Final = (
    ("Never again.", "I want my money back.", "Avoid.", "I am going elsewhere.", "Sent it straight back."),
    ("", "We will see how long it lasts.", "Take it or leave it.", "Could be better, could be worse."),
    ("Recommended.", "I will be back.", "Would buy again.", "Thank you!", "Made my week."),
)
"""For ratings below, at and above 3."""

COMPLAINTS: Final = (
    "Hello, {clause}. What are you going to do about it?",
    "I have a problem with my {noun}: {clause}.",
    "This is not acceptable: {clause}.",
    "Please help, {clause}.",
    "Third time I write: {clause}.",
    "I am very unhappy, {clause}.",
    "{clause_cap} and I want a refund.",
    "Is anybody there? {clause_cap}.",
)

SPAM: Final = (
    "BEST {noun} EVER!!! visit {brand}-deals.example now",
    "5 stars 5 stars 5 stars, {brand} number one",
    "Amazing amazing amazing {noun}, click my profile for 90% off",
    "Everybody buy {brand}, make money from home",
)
