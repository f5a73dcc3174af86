"""Labels of one user, given one after the other, hang together: of a visit two samples are heard.

They are its first label, at once, so that nothing is lost where every label is a visit of its own, and the mean of the
others, when it is over.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

_AWAY: Final = 8
"""Labels of others after which a visit is over."""
_LONGEST: Final = 256
"""Labels of a visit at most: who never stops is heard now and then."""


@dataclass(slots=True)
class Visit:
    """The labels that a user gives in one go.

    Attributes:
        user: Whose.
        segment: Of the user, at the last label.
        event_id: Of the last score judged.
        bundle: That answered there.
        begin_ms: Time of the first label.
        end_ms: Of the last.
        labels: How many there are.
        last: Number of the last among the labels of all users.
        sums: By signal: values, and their sum.
    """

    user: str
    segment: str
    event_id: str
    bundle: str
    begin_ms: int
    end_ms: int
    labels: int = 0
    last: int = 0
    sums: dict[str, tuple[int, float]] = field(default_factory=dict)

    def joined(self, label: "Visit") -> "Visit":
        """Return the visit with one more label."""
        begin = self.begin_ms if self.labels else label.begin_ms
        sums = dict(self.sums)
        for signal, (_, value) in label.sums.items():
            count, total = sums.get(signal, (0, 0.0))
            sums[signal] = count + 1, total + value
        return replace(label, begin_ms=begin, labels=self.labels + 1, sums=sums)

    def means(self) -> list[tuple[str, float]]:
        """Return the mean of each signal."""
        return [(signal, total / count) for signal, (count, total) in self.sums.items()]


class Visits:
    """The visits that are not over yet: few, since only the last labels keep one open.

    A user who is away while others give `_AWAY` labels begins another visit with the next.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._open: dict[str, Visit] = {}  # who spoke last is last
        self._labels = 0

    def add(self, label: Visit, values: Iterable[tuple[str, float]]) -> list[Visit]:
        """Take a label, and return what is to be heard now: visits that are over, and it itself if it begins one.

        Args:
            label: A visit of this label alone; of a user without a name, each label is one.
            values: Its signals.
        """
        self._labels += 1
        label.labels, label.last = 1, self._labels
        label.sums = {signal: (1, value) for signal, value in values}
        visit = self._open.pop(label.user, None)
        heard = [each for each in self._open.values() if each.last <= self._labels - _AWAY]
        for each in heard:
            del self._open[each.user]
        if visit is None:
            heard.append(label)
            rest = replace(label, labels=0, sums={})
        else:
            rest = visit.joined(label)
        if rest.labels >= _LONGEST:
            heard.append(rest)
        elif label.user:
            self._open[label.user] = rest
        return [each for each in heard if each.labels]

    def state(self) -> dict[str, Any]:
        """Return everything, of what JSON knows."""
        return {"labels": self._labels, "open": [asdict(visit) for visit in self._open.values()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that `state` has returned."""
        self._labels = int(state["labels"])
        visits = [Visit(**each) for each in state["open"]]
        for visit in visits:
            visit.sums = {signal: (int(count), float(total)) for signal, (count, total) in visit.sums.items()}
        self._open = {visit.user: visit for visit in visits}
