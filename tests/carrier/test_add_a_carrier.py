"""docs/add-a-carrier.md, step by step: a module in a package outside the tree, and the client scenarios on it."""

import json
import socketserver
import threading
from pathlib import Path

import pytest

from harness.board.opening.board import Board
from harness.board.reading.file import load
from harness.carrier.errors import CarrierError
from tests.pages import ROOT, Page, harness

pytestmark = pytest.mark.slow  # each step of the page is a command of its own

PAGE = Page("add-a-carrier.md")
ID2 = "2122232425262728292A2B2C"
BOARD = f"""\
version: 1
name: module
{PAGE.blocks("yaml")[0]}device: {{serial_number: A-1, id: {ID2}, key: {{published: aes-128}}}}
service: {{endpoint: mock, product: {{name: module_product, licences: 10}}}}
"""
TEXTS = {"get_challenge_auth_code": 1, "get_timestamp_auth_code": 1, "verify_server": 2, "get_secret": 1}
"""How many of a function's first arguments are texts."""


class Module:
    """A module that keeps its key in a simulated chip and answers lines on a Unix socket."""

    def __init__(self, path: Path, folder: Path):
        self.spoilt = {}
        self.asked = []
        self._board = Board(load(ROOT / "boards" / "virtual-se-i2c.yaml"), locks=folder)
        self._carrier = self._board.carrier()
        module = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    self.wfile.write(module.answer(line.decode().split()).encode() + b"\n")

        self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._board.close()

    def answer(self, words):
        function, *arguments = words
        self.asked.append(function)
        if function in self.spoilt:
            return self.spoilt[function]
        values = [None if word == "none" else bytes.fromhex(word[1:]) for word in arguments]
        texts = TEXTS.get(function, 0)
        values[:texts] = [value.decode() for value in values[:texts]]
        if function == "get_device_challenge":
            values = [values[0][0]]
        try:
            value = getattr(self._carrier, function)(*values)
        except CarrierError as error:
            return f"{error.code}"
        if function == "get_version":
            value = f"{value:08x}"
        return f"0 {value.hex() if isinstance(value, bytes) else value or ''}"


@pytest.fixture
def bench(tmp_path):
    """Return a function that runs the page's commands on a module, spoilt as told, and returns the verdicts."""

    def run(*options, commands=PAGE.commands[-1:], **spoilt):
        with Module(tmp_path / "module.sock", tmp_path) as module:
            module.spoilt = spoilt
            for command in commands:
                more = options if command.startswith("run") else ()
                done = harness(tmp_path / "site", tmp_path, *command.split(), *more)
                assert done.returncode == 0 or command.startswith("run"), done.stderr
        (tmp_path / "module.sock").unlink()
        report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
        return {one["id"].rpartition("/")[2]: one for one in report["scenarios"]}, done

    PAGE.install(tmp_path / "site")
    (tmp_path / "module.yaml").write_text(BOARD)
    return run


CLIENT = {
    *(
        "test_identity",
        "test_challenge_codes",
        "test_timestamp_codes",
        "test_signature",
        "test_constant_last_block",
    ),
    *(
        "test_challenge_limits",
        "test_extra_limits",
        "test_decrypt",
        "test_decrypt_long",
        "test_validation_report",
    ),
    *(
        "test_ciphertext",
        "test_server_code",
        "test_challenge_authentication",
        "test_timestamp_authentication",
    ),
    *("test_extra_is_bound", "test_changed_signature_is_refused", "test_mutual_authentication"),
    *(
        "test_session_key_distribution",
        "test_first_success_consumes_one",
        "test_long_series",
        "test_key_never_shown",
    ),
}


def test_the_page_as_it_stands(bench, tmp_path):
    assert [command.split()[0] for command in PAGE.commands] == ["boards", "plan", "run"]
    verdicts, done = bench(commands=PAGE.commands)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = {name for name, one in verdicts.items() if one["verdict"] == "passed"}
    assert passed >= CLIENT, CLIENT - passed
    other = {one["verdict"] for one in verdicts.values()} - {"passed"}
    assert other == {"not_applicable"}
    assert verdicts["test_known_answers"]["verdict"] == "not_applicable", "APDUs need a chip"
    assert verdicts["test_published_code"]["verdict"] == "not_applicable", (
        "the module draws its own device random"
    )
    assert verdicts["test_derived_values"]["verdict"] == "not_applicable", "derive_key is left out"
    plan = harness(tmp_path / "site", tmp_path, "plan", "module.yaml").stdout
    assert "lines on transport at" in plan
    assert "carrier needs stream" in plan
    assert PAGE.missing_files() == []
    again = harness(tmp_path / "site", tmp_path, "run", "module.yaml", "--replay", "latest")
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_module_that_signs_wrongly_fails(bench):
    code = "0 0~2~ABABABABABABABAB~1~AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    verdicts, done = bench("-k", "test_signature", get_challenge_auth_code=code)
    assert done.returncode == 1
    assert verdicts["test_signature"]["verdict"] == "failed"


def test_a_module_that_answers_nonsense_fails_and_says_what_came(bench):
    verdicts, _ = bench("-k", "test_identity", get_id="ERROR")
    assert verdicts["test_identity"]["verdict"] == "failed"
    assert "get_id: the answer 'ERROR' is no result code" in verdicts["test_identity"]["reason"]


def test_a_module_that_is_not_there_blocks(tmp_path):
    PAGE.install(tmp_path / "site")
    (tmp_path / "module.yaml").write_text(BOARD)
    done = harness(tmp_path / "site", tmp_path, "run", "module.yaml", "-k", "test_identity")
    assert done.returncode == 3
    assert "must act" not in done.stdout or "maker of the device" not in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "kind: line-module",
            "kind: lime-module",
            "module.yaml:6: carrier.kind: 'lime-module' is not a valid word here",
        ),
        (
            "carrier: module",
            "carrier: km",
            "carrier.kind: line-module is for plan.carrier module; the plan says km",
        ),
        (
            "key_type: aes-128",
            "key_type: rsa-1024",
            "plan.key_type: line-module holds symmetric keys only, not rsa-1024",
        ),
        ("transport: at}", "transport: ta}", "module.yaml:6: carrier.transport: there is no transport 'ta'"),
        ("kind: socket, path: module.sock", "kind: i2c, bus: 1", "carrier line-module needs stream"),
        ("carrier: {kind: line-module, transport: at}", "carrier: {kind: se}", "se needs a chip section"),
        (
            "device:",
            "console: {transport: at}\ndevice:",
            "carrier.transport: 'at' leads to the console already; a transport has one user",
        ),
    ],
)
def test_what_does_not_fit_is_found_when_the_board_file_is_checked(tmp_path, old, new, said):
    PAGE.install(tmp_path / "site")
    assert old in BOARD
    text = BOARD.replace(old, new)
    if "rsa" in new:
        text = text.replace(", key: {published: aes-128}", "")
    (tmp_path / "module.yaml").write_text(text)
    done = harness(tmp_path / "site", tmp_path, "boards", "check", "module.yaml")
    assert done.returncode == 2
    assert said in (done.stdout + done.stderr).replace("\n", " ")


def test_without_the_package_its_kind_is_a_wrong_word(tmp_path):
    (tmp_path / "module.yaml").write_text(BOARD)
    done = harness(tmp_path, tmp_path, "boards", "check", "module.yaml")
    assert done.returncode == 2
    assert "carrier.kind: 'line-module' is not a valid word here" in done.stdout + done.stderr


def test_one_that_leaves_a_question_unanswered_is_refused_at_start(tmp_path):
    PAGE.install(tmp_path / "site", **{"def refusal": "def something_else"})
    (tmp_path / "module.yaml").write_text(BOARD)
    done = harness(tmp_path / "site", tmp_path, "boards", "check", "module.yaml")
    assert done.returncode == 2
    assert (
        "carrier kind 'line-module' of line_module:LineModuleKind (line_module) leaves unanswered: refusal"
        in (done.stdout + done.stderr)
    )


def change(site, old, new):
    source = site / "line_module.py"
    text = source.read_text()
    assert old in text
    source.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("def get_version(", "def read_version(", "abstract class"),
        (
            "return LineModule(",
            "LineModule(",
            "NoneType is not derived from Carrier (made by line_module.LineM",
        ),
        (
            "return LineModule(",
            "{}['at'] or LineModule(",
            "KeyError: 'at' (raised by line_module.LineModuleKind)",
        ),
    ],
)
def test_a_half_carrier_names_its_kind(bench, tmp_path, old, new, why):
    change(tmp_path / "site", old, new)
    found, done = bench("-k", "test_identity")
    said = done.stdout + done.stderr
    assert "carrier kind 'line-module': its carrier cannot be" in said
    assert why in said
    assert done.returncode not in {0, 1}
    assert not {"passed", "failed"} & {one["verdict"] for one in found.values()}


def test_a_kind_whose_functions_are_none_is_refused(bench, tmp_path):
    change(tmp_path / "site", "return offered_by(LineModule)", "return ('fly',)")
    done = harness(tmp_path / "site", tmp_path, "boards", "check", "module.yaml")
    assert done.returncode == 2
    assert (
        "carrier kind 'line-module' of line_module:LineModuleKind (line_module) says that 'fly' can be"
        in done.stderr
    )
