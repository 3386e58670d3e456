"""The models: a description on every field, a schema that fits, words that agree with the chip's own."""

import types
from pathlib import Path
from typing import Annotated, Union, get_args, get_origin

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from harness.board.models import BoardFile, ChipAlgorithm, ChipOption
from harness.board.reading import reference
from harness.board.reading.file import load
from harness.board.reading.schema import board_schema
from harness.chip.ica.algorithms import Algorithm
from harness.chip.ica.vendor import Option
from harness.errors import UsageError
from harness.settings.tagged import Tagged

SCHEMA = board_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ROOT = Path(__file__).resolve().parents[2]
BOARDS = sorted((ROOT / "boards").glob("*.yaml"))
SHIPPED = {
    "virtual-se-i2c",
    "virtual-se-sm4",
    "virtual-se-mtk",
    "virtual-business-server",
    "recorded-console",
    "virtual-module",
    "virtual-module-at",
    "example-se-i2c",
    "example-se-serial",
    "example-km-link",
    "virtual-rebuild",
    "qemu-cortex-m3-rebuild",
    "example-rebuild-openocd",
}


def models_below(annotation):
    if get_origin(annotation) is Annotated:
        for extra in get_args(annotation):
            if isinstance(extra, Tagged):
                for member in extra.members.values():
                    yield from models_below(member)
                return
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_below(field.annotation)
    elif get_origin(annotation) in (Annotated, Union, types.UnionType, dict, tuple):
        for argument in get_args(annotation):
            yield from models_below(argument)


MODELS = sorted(set(models_below(BoardFile)), key=lambda model: model.__name__)


def test_all_models_are_seen():
    assert len(MODELS) >= 20


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_is_described(model):
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description"
        assert field.description.endswith((".", "…")), f"{model.__name__}.{name}: a description is a sentence"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_unknown_keys_are_refused_and_values_stay(model):
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"] is True


def test_values_stay():
    board = load(ROOT / "boards" / "virtual-se-i2c.yaml")
    with pytest.raises(ValidationError):
        board.plan.carrier = "km"


DEMO_CARRIER = "plan.carrier: demo is for debugging; a product must not use it"
NO_GUIDE = "plan.carrier: the vendor publishes no guide for {}; it is known from the SDK only"
NO_KEY_TYPE = "plan.key_type: no list of the service's key types has ecc-k256"
EXPECTED = {
    "demo": [DEMO_CARRIER],
    "module": [NO_GUIDE.format("module")],
    "puf": [NO_GUIDE.format("puf"), NO_KEY_TYPE],
}


def test_shipped_boards_are_all_there():
    assert {path.stem for path in BOARDS} >= SHIPPED


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_shipped_boards_load_without_a_warning_but_for_those_of_their_carrier(path):
    board = load(path)
    expected = EXPECTED.get(board.plan.carrier, [])
    assert len(board.warnings) == len(expected)
    assert all(text in warning for text, warning in zip(expected, board.warnings, strict=True))
    assert board.name == path.stem


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_shipped_boards_fit_the_schema(path):
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(version=2),
        lambda data: data["plan"].update(carrier="sse"),
        lambda data: data["plan"].pop("carrier"),
        lambda data: data.update(transport={}),
        lambda data: data["transports"]["chip"].update(kind="i2s"),
        lambda data: data["chip"].update(timeout_s=0),
        lambda data: data["device"].update(key="00112233"),
    ],
)
def test_schema_refuses_what_the_loader_refuses(change):
    data = yaml.safe_load((ROOT / "boards" / "virtual-se-i2c.yaml").read_text())
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(data)
    with pytest.raises(ValidationError):
        BoardFile.model_validate(data)


def test_algorithms_are_those_of_the_chip():
    def chip_name(word):
        return word.upper().replace("-MAC-", "-CBC-ISO9797-").replace("-", "_")

    assert {chip_name(word) for word in ChipAlgorithm} == {algorithm.name for algorithm in Algorithm}


def test_options_are_those_of_the_chip():
    assert {word.value for word in ChipOption} == {option.label.lower() for option in Option}


def test_recorded_console_is_the_sample():
    assert (ROOT / "boards/consoles/id2_app-3.1.0-se-3des168.log").read_bytes() == (
        ROOT / "tests/samples/id2_app-3.1.0-se-3des168.log"
    ).read_bytes()


def test_the_reference_in_the_documentation_is_up_to_date(tmp_path):
    document = (ROOT / "docs" / "board-files.md").read_text()
    (tmp_path / "board-files.md").write_text(document)
    reference.write_into(tmp_path / "board-files.md")
    assert (tmp_path / "board-files.md").read_text() == document, f"run {reference.BEGIN}"


def test_the_reference_names_every_field():
    text = reference.markdown()
    for model in MODELS:
        for name, field in model.model_fields.items():
            assert f"| `{name}` |" in text
            assert " ".join(field.description.split()).replace("|", "\\|") in text


def test_a_document_without_marks_is_refused(tmp_path):
    (tmp_path / "x.md").write_text("# nothing here\n")
    with pytest.raises(UsageError, match="has no lines"):
        reference.write_into(tmp_path / "x.md")


def test_the_smallest_file_of_the_documentation_loads(tmp_path):
    document = (ROOT / "docs" / "board-files.md").read_text()
    first = next(block for block in document.split("```") if block.startswith("yaml\nversion: 1"))
    (tmp_path / "my-board.yaml").write_text(first.removeprefix("yaml\n"))
    assert load(tmp_path / "my-board.yaml").warnings == ()
