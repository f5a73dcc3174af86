"""Explaining one score: integrated gradients over words, removal of events, Shapley values of towers."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from captum.attr import LayerIntegratedGradients
from torch import Tensor

from contento.model.bundle import Bundle
from contento.model.calibration import moments
from contento.model.encoder import TextEncoder
from contento.model.explanation.explanation import (
    EventContribution,
    Explanation,
    NamedEvent,
    ScoreFigures,
    TowerContribution,
    WordAttribution,
)
from contento.model.explanation.removal import event_values, repeated, tower_values
from contento.model.explanation.target import target_values
from contento.model.explanation.words import split_words, tokens_of_words
from contento.model.interface import HISTORY_LENGTH, TOWERS, ScorerInputs
from contento.model.network import NetworkInputs, NetworkOutputs
from contento.model.rows import check_rows
from contento.model.serving import check_encoder, network_inputs

STEPS: Final = 50
"""Of the integral; the usual number, and its error is reported with each explanation."""
_AT_ONCE: Final = 16
"""Points of the path in one pass: their activations are kept for the gradient, some 10 MB each at 128 tokens."""
_TEXT: Final = TOWERS.index("text")
_BEHAVIOUR: Final = TOWERS.index("behaviour")


class Explainer:
    """Explains scores of one bundle. Used by one thread at a time.

    The encoder runs in float32 whatever the bundle's precision: gradients along the path of the
    integral are too fine for less.
    """

    def __init__(self, bundle: Bundle, *, device: str = "cpu") -> None:
        """Load the bundle's network and encoder.

        Raises:
            EncoderError: The encoder is not there, or not the one the bundle was trained with.
            BundleError: The weights do not fit.
        """
        check_encoder(bundle)
        config = bundle.config.encoder
        self.bundle = bundle
        self.device = device
        self.outcome_names = bundle.config.network.outcome_names
        self._network = bundle.network(device)
        self._encoder = TextEncoder(config.reference, layers=config.layers, device=device)
        self._adapter = config.hash if bundle.adapter else ""
        if bundle.adapter:
            self._encoder.add_adapter(config.hash, bundle.adapter)
        self._encoder.model.requires_grad_(False)

    def inputs(self, rows: ScorerInputs, texts: Sequence[str]) -> NetworkInputs:
        """Return rows with the embeddings of the texts, `[N]`, in place of their own; an empty text: no text tower.

        Raises:
            RowsError: An array does not have the interface's shape.
        """
        config = self.bundle.config
        known = np.array([bool(text) for text in texts], np.bool_)
        embedding = self._encoder.encode(
            texts, max_length=config.encoder.max_length, pooling=config.encoder.pooling, adapter=self._adapter
        )
        present = rows.present.copy()
        present[:, _TEXT] = known
        encoder = np.where(known, config.encoder.hash, "").astype(np.object_)
        filled = replace(rows, text=embedding, encoder=encoder, present=present)
        check_rows(filled)
        return network_inputs(config, filled, np.arange(len(texts), dtype=np.intp), self.device)

    @torch.inference_mode()
    def outputs(self, inputs: NetworkInputs) -> NetworkOutputs:
        """Return the network's answers."""
        answer: NetworkOutputs = self._network(inputs)
        return answer

    def values(self, inputs: NetworkInputs, target: str) -> Tensor:
        """Return the target of each row, `[N]`.

        Raises:
            TargetError: The bundle does not predict it.
        """
        return target_values(self.outputs(inputs), target, self.outcome_names)

    def words(
        self, row: NetworkInputs, text: str, target: str, steps: int = STEPS
    ) -> tuple[list[WordAttribution], float, float]:
        """Return a text's words with their attributions, the target at the baseline, and the convergence delta.

        Integrated gradients over the encoder's word embeddings, from a text of the same length whose words
        are all blank (the encoder's mask token; special tokens stay) to the text, through encoder, adapter
        and network; the other towers stay as they are.
        Source: Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, 2017.

        Args:
            row: One row, with any text embedding.
            text: Its text.
            target: As in `target_values`.
            steps: Points of the path, at least 1.
        """
        config = self.bundle.config.encoder
        tokens = self._encoder.tokens(text, config.max_length)
        ids = torch.tensor([[token.id for token in tokens]], device=self.device)
        special = torch.tensor([[token.special for token in tokens]], device=self.device)
        _, blank = self._encoder.blank
        blanks = torch.where(special, ids, blank)

        def forward(ids: Tensor) -> Tensor:
            embedding = self._encoder.embed(ids, torch.ones_like(ids), config.pooling, self._adapter)
            inputs = repeated(row, len(ids))._replace(text=embedding)
            return target_values(self._network(inputs), target, self.outcome_names)

        integrated = LayerIntegratedGradients(forward, self._encoder.model.get_input_embeddings())
        attributions, delta = integrated.attribute(
            ids, baselines=blanks, n_steps=steps, internal_batch_size=_AT_ONCE, return_convergence_delta=True
        )
        with torch.inference_mode():
            start = float(forward(blanks))
        by_token = attributions.sum(-1)[0].double().tolist()
        words = split_words(text)
        places = tokens_of_words(words, tokens)
        found = [
            WordAttribution(
                word=text[word.start : word.end],
                start=word.start,
                end=word.end,
                attribution=sum(by_token[place] for place in own),
                read=bool(own),
            )
            for word, own in zip(words, places, strict=True)
        ]
        return found, start, float(delta)

    def explain(
        self,
        row: ScorerInputs,
        text: str,
        *,
        target: str = "rating",
        steps: int = STEPS,
        history: Sequence[NamedEvent] = (),
    ) -> Explanation:
        """Explain the score of one row.

        Args:
            row: The row; its text embedding is not read.
            text: Its text; empty: none.
            target: What to explain, as in `target_values`.
            steps: Points of integrated gradients, at least 1.
            history: What the row's events are called, oldest first, the one that is scored last; may be shorter.

        Raises:
            TargetError: The bundle does not predict the target.
            RowsError: The row does not have the interface's shape.
        """
        inputs = self.inputs(row, [text])
        outputs = self.outputs(inputs)
        value = float(target_values(outputs, target, self.outcome_names))
        words, start, delta = self.words(inputs, text, target, steps) if text else ([], value, 0.0)
        towers = tower_values(inputs, lambda rows: self.values(rows, target))
        removal = event_values(inputs, lambda rows: self.values(rows, target))
        return Explanation(
            bundle=self.bundle.hash,
            target=target,
            value=value,
            score=self._figures(outputs),
            text=text,
            words=tuple(words),
            baseline=f"every word replaced by {self._encoder.blank[0]}" if text else "",
            baseline_value=start,
            delta=delta,
            steps=steps,
            empty=towers.empty,
            towers=tuple(
                TowerContribution(
                    tower=TOWERS[column],
                    share=float(outputs.towers[0, column]),
                    shapley=float(shapley),
                    removal=float(removed),
                )
                for column, shapley, removed in zip(towers.towers, towers.shapley, towers.removal, strict=True)
            ),
            events=_events(inputs, outputs, removal, history),
        )

    def _figures(self, outputs: NetworkOutputs) -> ScoreFigures:
        rating = outputs.rating.softmax(-1).cpu().numpy()
        lower, upper = self.bundle.calibration.interval(rating)[0].tolist()
        negative, neutral, positive = outputs.satisfaction.softmax(-1)[0].tolist()
        return ScoreFigures(
            rating=float(moments(rating)[0][0]),
            lower=lower,
            upper=upper,
            coverage=self.bundle.calibration.coverage,
            negative=negative,
            neutral=neutral,
            positive=positive,
            satisfaction=positive + neutral / 2,
            outcomes=dict(zip(self.outcome_names, outputs.outcomes.sigmoid()[0].tolist(), strict=True)),
        )


def _events(
    inputs: NetworkInputs, outputs: NetworkOutputs, removal: Tensor, history: Sequence[NamedEvent]
) -> tuple[EventContribution, ...]:
    found = []
    for ago, place in enumerate(reversed(range(HISTORY_LENGTH))):
        if not (inputs.history_mask[0, place] and inputs.present[0, _BEHAVIOUR]):
            continue
        removed = float(removal[place])
        found.append(
            EventContribution(
                place=place,
                event=history[-1 - ago] if ago < len(history) else None,
                share=float(outputs.events[0, place]),
                removal=None if math.isnan(removed) else removed,
            )
        )
    return tuple(found)
