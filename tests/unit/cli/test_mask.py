import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contento.cli.main import app
from contento.contracts.messages import UserEvent
from contento.training.readers import open_source

ROWS = """user,item,text,rating
jane@example.com,i1,"Great, ask @brand or jane@example.com",5
omar,i1,plain words,3
jane@example.com,i2,call +49 30 901820,1
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "shop.csv"
    path.write_text(ROWS)
    return f"csv:{path}?user=user&item=item&text=text&rating=rating"


def masked(spec: str, out: Path, *options: str, **environment: str) -> str:
    result = CliRunner(env=environment).invoke(app, ["mask", "--data", spec, "--out", str(out), *options])
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def events(out: Path) -> list[UserEvent]:
    return [record for record in open_source(f"log:{out}").records() if isinstance(record, UserEvent)]


def test_the_log_holds_masked_texts_and_the_table_counts_without_values(spec: str, tmp_path: Path) -> None:
    out = tmp_path / "masked.jsonl.zst"
    shown = masked(spec, out)
    assert [event.text for event in events(out)] == ["Great, ask [handle] or [email]", "plain words", "call [phone]"]
    assert [event.user_id for event in events(out)] == ["jane@example.com", "omar", "jane@example.com"]
    assert "2 of 3 texts changed; 6 records" in shown
    assert "jane" not in shown.replace(str(out), "")


def test_json_is_the_last_line(spec: str, tmp_path: Path) -> None:
    out = tmp_path / "masked.jsonl"
    told = json.loads(masked(spec, out, "--json", "--keep-handle", "brand").splitlines()[-1])
    assert told.pop("seconds") > 0
    assert told == {
        "data": spec, "out": str(out), "records": 6, "texts": 3, "changed": 2, "masked": {"email": 1, "phone": 1}
    }  # fmt: skip
    assert events(out)[0].text == "Great, ask @brand or [email]"


def test_ids_are_pseudonyms_where_asked_for(spec: str, tmp_path: Path) -> None:
    out = tmp_path / "masked.jsonl"
    masked(spec, out, "--pseudonymise-ids", CONTENTO_PSEUDONYM_KEY="correct horse battery staple")
    jane, omar, again = (event.user_id for event in events(out))
    assert jane == again != omar
    assert b"jane" not in out.read_bytes()


def test_a_missing_key_is_told_before_anything_is_written(spec: str, tmp_path: Path) -> None:
    out = tmp_path / "masked.jsonl"
    arguments = ["mask", "--data", spec, "--out", str(out), "--pseudonymise-ids"]
    result = CliRunner(env={"CONTENTO_PSEUDONYM_KEY": ""}).invoke(app, arguments)
    assert "set CONTENTO_PSEUDONYM_KEY" in str(result.exception)
    assert list(tmp_path.iterdir()) == [tmp_path / "shop.csv"]
