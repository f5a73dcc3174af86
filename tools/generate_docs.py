"""Generate `docs/contracts.md` from the registries.

python tools/generate_docs.py            write it
python tools/generate_docs.py --check    exit 1 when the committed one differs
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType, UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from contento.connections import settings as connection_settings
from contento.connections.settings import ConnectionSettings
from contento.contracts import headers, redis_keys, validation
from contento.contracts.messages import UserEvent
from contento.contracts.metrics import METRICS
from contento.contracts.record import InputRecord, dead_letter, read_message
from contento.contracts.redis_keys import APPLIED, REDIS_KEYS
from contento.contracts.rejection import MEANINGS, RejectedRecord
from contento.contracts.topics import DAY_MS, MAX_RECORD_BYTES, TOPICS, Topic
from contento.contracts.validation import time_ms
from contento.learning.service import settings as learner_settings
from contento.learning.service.settings import LearnerSettings
from contento.scoring import settings as scorer_settings
from contento.scoring.settings import ScorerSettings

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/contracts.md"

HEAD = """# Contracts

<!-- Made by `python tools/generate_docs.py` from the registries in src/contento/contracts and the settings class. -->

Everything that leaves one process of Contento and enters another, or your own: Kafka topics, their headers and
messages, Redis keys, metrics, and what a record is refused for. The registries in
[`src/contento/contracts`](../src/contento/contracts) are the source; this page is made from them.
"""


def main() -> None:
    """Write the page, or compare it with the committed one."""
    wanted = page()
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or TARGET.read_text() != wanted:
            raise SystemExit("docs/contracts.md is stale: run `python tools/generate_docs.py` and commit the result")
        return
    TARGET.write_text(wanted)


def page() -> str:
    """Return the whole page."""
    sections = (HEAD, _topics(), _headers(), _rejections(), _redis(), _metrics(), _settings(), _examples())
    return "\n".join(section.strip("\n") + "\n" for section in sections)


def _topics() -> str:
    rows = [
        (
            f"`{topic.full_name()}`", _message(topic), _key(topic), str(topic.partitions), _retention(topic),
            ", ".join(topic.producers), ", ".join(topic.consumers), topic.about,
        )
        for topic in TOPICS.values()
    ]  # fmt: skip
    names = ("topic", "message", "key", "partitions", "kept", "written by", "read by", "what for")
    return f"""## Topics

`contento` is the prefix, `CONTENTO_TOPIC_PREFIX`. Records with the same key share a partition and keep their order.
A record has at most {MAX_RECORD_BYTES // 2**20} MiB, a little less outside the dead-letter topic.
`contento topics create` makes the topics.

{_table(names, rows)}
Values are protobuf; the scorer also takes proto3 JSON where the header `{headers.CONTENT_TYPE}` says
`application/json`, and both in Confluent's wire framing. One golden example of each message stands
[below](#golden-examples). Limits: ids {validation.MAX_ID_BYTES} bytes, texts {validation.MAX_TEXT_BYTES // 1024} KiB,
{validation.MAX_ATTRIBUTES} attributes of {validation.MAX_ATTRIBUTE_BYTES} bytes, times from 1990 to a day from now.
"""


def _message(topic: Topic) -> str:
    if topic.message is None:
        return "the source record's bytes"
    descriptor = topic.message.DESCRIPTOR
    return f"[`{descriptor.name}`](../proto/{descriptor.file.name})"


def _key(topic: Topic) -> str:
    return topic.key if topic.message is None else f"`{topic.key}`"


def _retention(topic: Topic) -> str:
    kept = "for ever" if topic.retention_ms < 0 else f"{topic.retention_ms // DAY_MS} days"
    return f"{kept}, the last of each key" if topic.compacted else kept


def _headers() -> str:
    rows = [(", ".join(f"`{getattr(headers, n)}`" for n in names), words) for names, words in _documented(headers)]
    return f"## Kafka headers\n\n{_table(('header', 'what it holds'), rows)}"


def _rejections() -> str:
    rows = [(f"`{code}`", meaning) for code, meaning in MEANINGS.items()]
    return f"""## Why a record is refused

A record that cannot be used goes to `{TOPICS["dlq"].full_name()}`: key, value and headers as they were, and the reason
in further headers. `{headers.ERROR_CODE}` is one of these.

{_table(("code", "what it says"), rows)}
An event without a user, for example, gets these headers:

```
{_dead_letter_headers()}
```
"""


def _dead_letter_headers() -> str:
    event = UserEvent.FromString(TOPICS["events"].example().SerializeToString())
    at_ms = time_ms(event.time)
    event.ClearField("user_id")
    record = InputRecord(
        topic=TOPICS["events"].full_name(),
        partition=2,
        offset=118204,
        timestamp_ms=at_ms,
        key=None,
        value=event.SerializeToString(),
        headers=[],
    )
    try:
        read_message(record, UserEvent, now_ms=at_ms)
    except RejectedRecord as reason:
        return "\n".join(f"{name}: {value.decode()}" for name, value in dead_letter(record, reason).headers)
    raise SystemExit("an event without a user was accepted: mend contento.contracts.validation")


def _redis() -> str:
    rows = [(f"`contento:{key.pattern}`", key.type, key.writer, _key_holds(key.holds)) for key in REDIS_KEYS.values()]
    user, group = _commented(redis_keys, "USER_LIVE_FIELDS"), _commented(redis_keys, "GROUP_LIVE_FIELDS")
    return f"""## Redis keys

`contento` is the prefix, `CONTENTO_REDIS_PREFIX`. The braces are part of the key: they mark the cluster's hash tag.

{_table(("key", "type", "written by", "holds"), rows)}
### Fields of `contento:user:{{<id>}}:live`

{_table(("field", "meaning"), [(f"`{name}`", words) for name, words in user])}
### Fields of `contento:item:{{<id>}}:live` and `contento:segment:{{<id>}}:live`

{_table(("field", "meaning"), [(f"`{name}`", words) for name, words in group])}
### How an event counts once

Besides these, each live hash has a field `{APPLIED}<cluster>/<topic>/<partition>` for every partition that events came
from. It holds the offset of the last one that changed the hash. One script reads the field, changes the hash and moves
the offset on, all at once; an event at or below the offset changes nothing. So a batch that Kafka delivers again after
a crash is skipped where it has been applied and applied where it has not. The cluster's id is part of the name because
offsets mean nothing in another cluster. An event that was *sent* twice, at two offsets, is known by its id in the
user's history.
"""


def _key_holds(holds: str) -> str:
    return f"fields, see below; `{APPLIED}…`" if APPLIED in holds else holds


def _metrics() -> str:
    rows = [
        (f"`{name}`", metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.about)
        for name, metric in METRICS.items()
    ]
    return f"""## Metrics

At `http://CONTENTO_METRICS_ADDRESS:CONTENTO_METRICS_PORT/metrics`, beside the usual metrics of the process.

{_table(("metric", "type", "labels", "what it counts or measures"), rows)}"""


def _settings() -> str:
    shared = _settings_table(connection_settings, ConnectionSettings)
    scorer = _settings_table(scorer_settings, ScorerSettings)
    learner = _settings_table(learner_settings, LearnerSettings)
    return f"""## Settings

Environment variables. An empty one counts as unset.

### Of every service

{shared}
### Of `contento scorer`

{scorer}
### Of `contento learner`

{learner}"""


def _settings_table(module: ModuleType, settings: type[ConnectionSettings]) -> str:
    rows = [
        (f"`CONTENTO_{names[0].upper()}`", _type(field), _default(field), text)
        for names, text in _documented(module, settings.__name__)
        for field in [settings.model_fields.get(names[0])]
        if field is not None
    ]
    return _table(("variable", "type", "default", "what it sets"), rows)


def _type(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) in {Union, UnionType}:
        kind = next(each for each in get_args(kind) if each is not type(None))
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [
        f"{sign} {getattr(limit, name):g}"
        for limit in field.metadata
        for name, sign in signs.items()
        if getattr(limit, name, None) is not None
    ]
    word = {str: "text", SecretStr: "text, secret", bool: "`true` or `false`", int: "whole number", float: "number",
            Path: "path"}[kind]  # type: ignore[index]  # fmt: skip
    return ", ".join([word, *bounds])


def _default(field: FieldInfo) -> str:
    default = field.default
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if value is None or value == "":
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _examples() -> str:
    parts = ["## Golden examples\n\nOne realistic message per topic. Every version of Contento must take them.\n"]
    for topic in TOPICS.values():
        if topic.message is not None:
            place = topic.example_file.relative_to(ROOT)
            parts.append(
                f"### `{topic.full_name()}`\n\n"
                f"[`{place.name}`](../{place}), a `{topic.message.DESCRIPTOR.full_name}`:\n\n"
                f"```json\n{topic.example_file.read_text().strip()}\n```\n"
            )
    return "\n".join(parts)


def _documented(module: ModuleType, of_class: str = "") -> list[tuple[list[str], str]]:
    """Return the annotated names of a module or class with the docstring below; several may share one."""
    tree = ast.parse(inspect.getsource(module))
    body: Sequence[ast.stmt] = tree.body
    if of_class:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == of_class)
    found: list[tuple[list[str], str]] = []
    names: list[str] = []
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
        elif names and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.append((names, " ".join(str(node.value.value).split())))
            names = []
    return found


def _commented(module: ModuleType, name: str) -> list[tuple[str, str]]:
    """Return the strings of a tuple of a module, each with the comment beside it."""
    body = re.search(rf"^{name}\b.*?\(\n(.*?)^\)", inspect.getsource(module), re.DOTALL | re.MULTILINE)
    found: list[tuple[str, str]] = re.findall(r'"(\w+)",  # (.+)', body[1]) if body else []
    if [field for field, _ in found] != list(getattr(module, name)):
        raise SystemExit(f"{module.__name__}.{name}: each field needs a line of its own and a comment: write them")
    return found


def _table(names: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    names = list(names)
    lines = [names, ["---"] * len(names), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
