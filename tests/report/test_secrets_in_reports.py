import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from harness.errors import DeviceError
from harness.report import close
from harness.report.text import visible
from harness.run.events import ScenarioInfo
from harness.run.header import Header
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict
from harness.secret import Secret
from tests.report.secret_scan import KINDS, encodings, leaks


def said(value):
    """Return all that a device or a program could say of a secret, as text and as bytes."""
    forms = list(encodings(value).values())
    return forms, [form.decode("utf-8", "replace") for form in forms] + [
        form.decode("latin-1") for form in forms
    ]


def run_that_is_told(root, *, hidden=True):
    """Write a run into whose every field each secret is put in every encoding."""
    texts, pieces = [], []
    for value in KINDS.values():
        forms, shown = said(value)
        texts += shown
        pieces += forms
    everything = " | ".join(texts)
    secrets = [Secret(value) for value in KINDS.values()]
    header = Header(
        plan={"pattern": everything},
        declaration={text: text for text in texts},
        options={"note": texts, "stand_ins": {everything: everything}},
        board_file={"name": everything, "transports": {everything: {"kind": everything}}},
        report={"title": everything[:400]},
    )
    run = Run.create(root, "b", header, secrets=secrets if hidden else ())
    run.requirements([{"id": text, "statement": text, "source": text} for text in texts], texts)
    run.board_found({text: text for text in texts})
    for number, text in enumerate(texts):
        run.transport_opened(f"t{number}", text)
        run.note(text)
    for verdict in (Verdict.PASSED, Verdict.FAILED, Verdict.BLOCKED):
        steps = ((everything[:200], everything),)
        log = run.begin(ScenarioInfo(f"s/{verdict}", everything, "s", everything, tuple(texts), steps))
        error = DeviceError(
            everything, hint=everything, board=everything, transport=everything, traffic=texts
        )
        try:
            with log.step(0):
                for text in texts:
                    log.measure(Measurement(text, text), 1)
                    log.note(text)
                    log.finding(text[:60] or "f", severity="minor", title=text, detail=text)
                log.evidence(everything, b"\n\n".join(pieces), media_type="text/plain", title=everything)
                if verdict is not Verdict.PASSED:
                    raise error
        except DeviceError:
            pass
        log.finish(verdict, reason=everything, error=None if verdict is Verdict.PASSED else error)
    run.finish()
    return run.path


def test_no_secret_of_any_kind_is_in_any_output_in_any_encoding(tmp_path):
    folder = run_that_is_told(tmp_path)
    close(folder)
    assert len(list(folder.glob("report*"))) >= 3
    assert leaks(folder) == []
    for path in folder.rglob("*"):  # names of files, too
        assert not any(value.hex() in path.name.lower() for value in KINDS.values())


def test_the_search_finds_each_secret_where_nothing_hides_it(tmp_path):
    found = leaks(run_that_is_told(tmp_path, hidden=False))
    for kind, value in KINDS.items():
        for name in encodings(value):
            assert [each for each in found if each.endswith(f": {kind} as {name}")], f"{kind} as {name}"


def test_what_stands_beside_a_secret_stays(tmp_path):
    run = Run.create(tmp_path, "b", secrets=[Secret(value) for value in KINDS.values()])
    run.note(f"before 01 02 {KINDS['symmetric key'].hex(' ')} 03 04 after")
    run.note("8f3c1b5a is no whole key")
    run.finish()
    text = (run.path / "journal.jsonl").read_text()
    assert "before 01 02 *** 03 04 after" in text
    assert "8f3c1b5a is no whole key" in text


def test_a_key_in_pem_is_hidden_as_its_bytes_and_as_each_of_its_lines(tmp_path):
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    lines = [line for line in pem.decode().splitlines() if "-----" not in line]
    run = Run.create(tmp_path, "b", secrets=[Secret(pem.strip())])
    for line in lines:
        run.note(f"it printed {line}")
    run.note(pem.decode())
    run.finish()
    text = (run.path / "journal.jsonl").read_text()
    assert not [line for line in lines if line in text]
    assert len(re.findall(r"it printed \*\*\*", text)) == len(lines)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_text_shows_no_beginning_of_a_secret(tmp_path, kind):
    value = KINDS[kind]
    run = Run.create(tmp_path, "b", secrets=[Secret(value)])
    for form in encodings(value).values():
        text = form.decode("utf-8", "replace")
        run.note("x" * (16_384 - len(text) // 2) + text)
    run.finish()
    text = (run.path / "journal.jsonl").read_text()
    assert value.hex()[:8] not in text.lower()
    assert visible(value.decode("latin-1"))[:5] not in text
