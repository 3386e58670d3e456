"""Operator steps: the file of answers, the prompts, and what gets into the journal."""

import pytest

from harness.errors import UsageError
from harness.operator import forms, steps
from harness.operator.answers import load
from harness.operator.errors import OperatorAbsent
from harness.operator.prompts import OperatorPrompts

SECRET = "i11" + "S" * 29
CREATE = {"console": "ID²", "name": "lock", "product_key": "a1b", "algorithm": "aes-128", "licences": "1"}


class Typist:
    """A person who types what the test says."""

    def __init__(self, **typed):
        self.typed = typed
        self.shown = []
        self.asked = []

    def tell(self, lines):
        self.shown += lines

    def ask(self, field, deadline, look):
        self.asked.append(field.name)
        return field.form.read(self.typed[field.name])


def test_a_person_is_told_and_asked():
    notes, hidden, terminal = [], [], []
    person = Typist(product_key=" a1TESTabcde ", product_secret=SECRET)
    prompts = OperatorPrompts(
        operator=person,
        note=notes.append,
        hide=hidden.append,
        waiting=lambda title: terminal.append("waits"),
        answered=lambda title: terminal.append("free"),
    )
    given = prompts.ask(steps.CREATE_PRODUCT, CREATE)
    assert given == {"product_key": "a1TESTabcde", "product_secret": SECRET}
    assert any("named lock with the device authentication algorithm aes-128" in line for line in person.shown)
    assert terminal == ["waits", "free"]
    assert [secret.reveal().decode() for secret in hidden] == [SECRET]
    (note,) = notes
    assert note.startswith("operator step create-product: Create a product in the console; answered by")
    assert note.endswith("the terminal: product_key = a1TESTabcde, product_secret = ***")


def test_answers_come_first_and_the_rest_is_asked():
    person = Typist(algorithm="AES-128")
    given = OperatorPrompts({"product": {"product_key": "a1b"}}, person).ask(steps.PRODUCT, CREATE)
    assert given == {"product_key": "a1b", "algorithm": "aes-128"}
    assert person.asked == ["algorithm"]


def test_unattended_is_blocked():
    notes = []
    with pytest.raises(OperatorAbsent, match=r"operator step product .*unattended") as caught:
        OperatorPrompts(note=notes.append).ask(steps.PRODUCT, CREATE)
    assert (caught.value.outcome, caught.value.exit_code) == ("blocked", 3)
    assert "--answers" in caught.value.hint
    assert "needed: product_key, algorithm" in notes[0]


def test_file_of_answers(tmp_path):
    file = tmp_path / "answers.yaml"
    file.write_text(
        "verification:\n  result: Passed\n  ciphertext: 0011 2233 4455 6677 8899 aabb ccdd eeff\n"
    )
    assert load(file) == {
        "verification": {"result": "passed", "ciphertext": "00112233445566778899AABBCCDDEEFF"}
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "not valid YAML"),
        ("just text", "must be a list of steps"),
        ("produkt: {}", "no operator step 'produkt'"),
        ("product: a1b", "must be fields with values"),
        ("product: {colour: red}", "no field 'colour'"),
        ("product: {product_key: 'with space'}", "product.product_key: must be a ProductKey"),
        ("verification: {ciphertext: 123}", "verification.ciphertext: must be hex digits"),
        ("verification: {ciphertext: [1]}", "must be the ciphertext"),
        ("!!python/object/apply:os.system ['true']", "answers.yaml:1:1: a file of answers uses no tags"),
    ],
)
def test_wrong_files_of_answers(tmp_path, text, says):
    file = tmp_path / "answers.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        load(file)
    assert str(file) in caught.value.message


def test_a_secret_in_an_open_file(tmp_path):
    file = tmp_path / "answers.yaml"
    file.write_text(f"create-product: {{product_secret: {SECRET}}}")
    file.chmod(0o644)
    with pytest.raises(UsageError, match="mode 0644") as caught:
        load(file)
    assert SECRET not in caught.value.message
    file.chmod(0o600)
    assert load(file)["create-product"]["product_secret"] == SECRET


def test_missing_file(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="is a folder, not a file of answers"):
        load(tmp_path)


def test_every_step_can_be_shown():
    names = ("console", "name", "algorithm", "licences", "product_key", "report", "id2")
    shown = {name: name for name in (*names, "purpose", "values", "image", "sha256")}
    for step in steps.STEPS.values():
        assert all(instruction.format_map(shown) for instruction in step.instructions)
        assert step.fields


def test_forms():
    assert forms.KEY_TYPE.read(" SM4-128 ") == "sm4-128"
    for form, wrong in [(forms.CIPHERTEXT, "abc"), (forms.DONE, "no"), (forms.NUMBER, "-1")]:
        with pytest.raises(UsageError, match="must be"):
            form.read(wrong)
