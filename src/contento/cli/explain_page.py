"""An explanation as one small page that loads nothing else."""

from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contento.cli.explain_figures import (
    ago,
    clock,
    number,
    pieces,
    ranked_towers,
    scale,
    signed,
    strongest_events,
    strongest_words,
    target_label,
)
from contento.model.explanation.explanation import Explanation


def page(explanation: Explanation) -> str:
    """Return the page; texts and names in it are escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words, events = strongest_words(explanation), strongest_events(explanation)
    towers = ranked_towers(explanation)
    return environment.get_template("explain_page.html").render(
        explanation=explanation,
        label=target_label(explanation.target),
        number=partial(number, explanation),
        signed=signed,
        pieces=pieces(explanation),
        words=words,
        word_scale=scale(explanation, [word.attribution for word in words]),
        towers=towers,
        tower_scale=scale(explanation, [tower.shapley for tower in towers]),
        events=events,
        event_scale=scale(explanation, [event.removal or 0 for event in events]),
        clock=clock,
        ago=lambda event: ago(event, explanation),
    )
