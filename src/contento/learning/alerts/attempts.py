"""What a receiver's answer means, and when to try again."""

import email.utils
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_TRY_AGAIN: Final = frozenset({408, 425, 429})
_REDIRECTS: Final = range(300, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one attempt.

    Attributes:
        status: HTTP status; 0: there was no answer.
        retry_after: Value of the header `Retry-After`; empty: none.
        problem: Why there was no answer.
    """

    status: int = 0
    retry_after: str = ""
    problem: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has the alert."""
        return 200 <= self.status < 300

    @property
    def final(self) -> bool:
        """Whether another attempt would be answered the same: redirects are not followed, and errors of ours stay."""
        return 300 <= self.status < 500 and self.status not in _TRY_AGAIN

    @property
    def words(self) -> str:
        """What came, for a log line."""
        return self.problem or f"HTTP {self.status}"

    @property
    def advice(self) -> str:
        """What an operator should do."""
        if self.status in _REDIRECTS:
            return "redirects are not followed: set CONTENTO_WEBHOOK to the address that it redirects to"
        if self.status in {401, 403}:
            return "the receiver does not trust this sender: see that CONTENTO_WEBHOOK_SECRET is the same on both sides"
        if self.status in {404, 410}:
            return "nothing takes alerts there: set CONTENTO_WEBHOOK to the receiver's address"
        if self.final:
            return "the receiver does not take this alert: see its logs"
        if "CERTIFICATE" in self.problem.upper():
            return "the receiver's certificate is not trusted: give it one that is valid for its name"
        return "see that the receiver is up and reachable from here"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When to try again: after 1, 2, 4, … seconds, at most 5 minutes apart, for 6 hours.

    So a receiver that restarts costs a second or two, one that is down for a night shift's half costs 80 attempts,
    and the pager hears of it as long as it still matters. The outbox outlives the learner, so an alert is not lost
    when the learner restarts meanwhile.

    Attributes:
        first_s: Seconds before the second, up to; each further pause doubles.
        longest_s: The longest pause, in seconds.
        give_up_after_s: Seconds from when the alert was offered.
        longest_retry_after_s: Most that a receiver can ask for with `Retry-After`, in seconds.
    """

    first_s: float = 1.0
    longest_s: float = 300.0
    give_up_after_s: float = 6 * 3600.0
    longest_retry_after_s: float = 3600.0

    def pause_s(self, attempts: int, answer: Answer, *, draw: Callable[[], float], now_s: float) -> float:
        """Return the seconds until the next attempt.

        Half of the pause is drawn, so that many senders that failed together do not come back together; never
        shorter than the receiver asked for.

        Args:
            attempts: How many have failed.
            answer: What the last one brought.
            draw: Gives the next uniform number in [0, 1).
            now_s: The present, unix seconds.
        """
        pause = min(self.longest_s, self.first_s * 2.0 ** min(attempts - 1, 60)) * (0.5 + 0.5 * draw())
        return max(pause, min(_asked_s(answer.retry_after, now_s), self.longest_retry_after_s))


def _asked_s(retry_after: str, now_s: float) -> float:
    """Return the seconds that `Retry-After` asks for: a number, or a date; 0 for anything else (RFC 9110, 10.2.3)."""
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now_s)
    except (ValueError, OverflowError):
        return 0.0
