"""Modules behind AT commands: two dialects that have little in common, and lines on which everything goes wrong."""

from pathlib import Path

import jsonschema
import pytest
import yaml
from bench import Direct, Scripted, entry_of, published_module
from hypothesis import given
from hypothesis import strategies as st

from harness.carrier.at import dialect as dialects
from harness.carrier.at import line as line_module
from harness.carrier.at.dialect import dialect_schema
from harness.carrier.at.line import ModuleRestartedError
from harness.carrier.at.module import AtModule
from harness.carrier.at.template import Template, TemplateError
from harness.carrier.errors import CarrierError
from harness.errors import BenchError, DeviceError, UsageError
from harness.id2 import authcode, ciphers, secrets, servercode
from harness.id2.keys import KeyType
from harness.simulator.module.at_side import AtModuleDevice
from harness.transport.base import Capability, SetSpeed, StreamWrite

HERE = Path(__file__).parent
GENERIC = dialects.load("generic", HERE)
BRICK = dialects.load("./brick.yaml", HERE)
ENTRY = entry_of(KeyType.AES_128)
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
FAST = GENERIC.model_copy(update={"settle_s": 0.01, "ready_s": 0.05, "setup": (), "ready": ("RDY",)})
OK = b"\r\nOK\r\n"


def module_of(dialect, fault=None):
    return AtModule(Direct(AtModuleDevice(published_module(fault=fault), dialect)), dialect)


def scripted(*answers, dialect=FAST):
    """Return a module whose probe is answered, and then each command by the next of the answers."""
    return AtModule(Scripted(OK, *answers), dialect)


def code_of(call, *arguments):
    with pytest.raises(CarrierError) as caught:
        call(*arguments)
    return caught.value.code


@pytest.mark.parametrize("dialect", [GENERIC, BRICK], ids=lambda one: one.name)
def test_whole_api(dialect):
    module = module_of(dialect)
    module.init()
    assert module.get_version() == 0x00030100
    assert module.get_id() == ENTRY.id2
    assert module.get_prov_stat() is True
    for extra in (None, b"abcd1234", bytes(range(256)) * 2):
        for code in (
            module.get_challenge_auth_code(CHALLENGE, extra),
            module.get_timestamp_auth_code("1", extra),
        ):
            assert not authcode.check(code, key=ENTRY.key, id2=ENTRY.id2, extra=extra or b"")
    for plain in (b"hello", bytes(range(200)), b"\x1a\r\n" * 60):
        assert module.decrypt(ciphers.encrypt(ENTRY.key, plain)) == plain
    assert module.derive_key("seed", 7) == secrets.derive_key(ENTRY.key, ENTRY.id2, "seed", 7)
    code = servercode.build(ENTRY.key, ENTRY.id2, CHALLENGE, b"x").text
    module.verify_server(code, CHALLENGE, b"x")
    assert code_of(module.verify_server, code, CHALLENGE, b"y") == -1
    assert code_of(module.get_challenge_auth_code, "") == -2
    assert code_of(module.get_challenge_auth_code, "7" * 33) == -2
    assert code_of(module.get_challenge_auth_code, "7", b"x" * 513) == -4
    assert code_of(module.decrypt, bytes(15)) == -2
    assert code_of(module.decrypt, bytes(16)) == -1
    assert module.get_id() == ENTRY.id2
    module.cleanup()


def test_echo_unasked_lines_and_noise_in_the_middle():
    answer = b'AT+ID2ID?\r\r\n+CREG: 1\r\n\xff\xfe#\r\n+ID2ID: "AB"\r\nRING\r\n\r\nOK\r\n+CREG: 2\r\n'
    module = scripted(answer, b'\r\n+ID2ID: "CD"\r\n' + OK)
    assert module.get_id() == "AB"
    assert module.get_id() == "CD"


def test_an_answer_byte_by_byte():
    whole = b'\r\n+ID2ID: "AB"\r\n\r\nOK\r\n'
    assert scripted([bytes([byte]) for byte in whole]).get_id() == "AB"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "no final result came"),
        (b'\r\n+ID2ID: "AB"\r\n', "no final result came"),
        (b'\r\n+ID2ID: "AB"\r\nO', "no final result came"),
        (OK, "no answer stood before"),
        (b'\r\n+ID2I: "AB"\r\n' + OK, "not understood: .*ID2I"),
        (b"\r\nNO CARRIER\r\n", "says 'NO CARRIER' instead"),
        (b"\r\n+CME ERROR: 4711\r\n", "code '4711', which the dialect 'generic' does not explain"),
        (b"\r\nERROR\r\n", "no code, which the dialect"),
    ],
)
def test_what_is_not_heard_or_not_known_accuses_nobody(answer, told):
    dialect = FAST.model_copy(
        update={
            "commands": {
                name: one.model_copy(update={"timeout_s": 0.02}) for name, one in FAST.commands.items()
            }
        }
    )
    with pytest.raises(BenchError, match=told) as caught:
        scripted(answer, dialect=dialect).get_id()
    assert caught.value.outcome == "blocked"


def test_a_late_final_belongs_to_the_old_command():
    late = b'\r\n+ID2ID: "OLD"\r\n' + OK
    module = scripted(b"", late + OK, OK, b'\r\n+ID2ID: "NEW"\r\n' + OK)
    module._dialect.commands["get_id"] = module._dialect.commands["get_id"].model_copy(
        update={"timeout_s": 0.02}
    )
    with pytest.raises(BenchError):
        module.get_id()
    assert module.get_id() == "NEW"
    assert [one.strip() for one in module._transport.written][-4:] == [
        b"AT+ID2ID?",
        b"AT",
        b"AT",
        b"AT+ID2ID?",
    ]


def test_a_late_final_is_no_success_of_a_command_without_an_answer():
    module = scripted(b"", OK + OK, OK, b"\r\n+ID2ERR: -1\r\n")
    short = {"timeout_s": 0.02}
    module._dialect.commands["get_id"] = module._dialect.commands["get_id"].model_copy(update=short)
    with pytest.raises(BenchError):
        module.get_id()
    assert code_of(module.verify_server, "10~2~A~B", "A") == -1


@pytest.fixture(autouse=True)
def _own_commands():
    """Give back the commands that a test has shortened."""
    kept = dict(FAST.commands)
    yield
    FAST.commands.update(kept)


def bare(**changes):
    """Return a module whose ID is a line without a beginning of its own, as `AT+CGSN` gives a number."""
    command = FAST.commands["get_id"].model_copy(update={"answer": "{value}"} | changes)
    return FAST.model_copy(update={"commands": dict(FAST.commands) | {"get_id": command}})


def test_a_bare_answer_is_told_from_final_results_and_unasked_lines():
    lines = b"\r\n+CREG: 1\r\n\r\nAB\r\n\r\nRING\r\n" + OK
    assert scripted(lines, dialect=bare()).get_id() == "AB"
    assert code_of(scripted(b"\r\n+ID2ERR: -11\r\n", dialect=bare()).get_id) == -11
    noise = b"\r\nAB\r\n\r\n\xff\xfe\x80\r\n\r\n\x00\r\n" + OK
    assert scripted(noise, dialect=bare()).get_id() == "AB"
    with pytest.raises(BenchError, match="no answer stood"):
        scripted(b"\r\nA\xffB\r\n" + OK, dialect=bare()).get_id()
    with pytest.raises(BenchError, match="says 'NO CARRIER'"):
        scripted(b"\r\nNO CARRIER\r\n", dialect=bare()).get_id()
    with pytest.raises(BenchError, match="no answer stood before the final result"):
        scripted(OK, dialect=bare()).get_id()


def test_a_restart_in_the_middle_is_told_and_the_next_init_starts_over():
    module = scripted(OK, b"\r\n+ID2I\r\nRDY\r\n", OK, OK, b'+ID2ID: "AB"\r\n' + OK)
    module.init()
    with pytest.raises(ModuleRestartedError, match="started anew"):
        module.get_id()
    module.init()
    assert module.get_id() == "AB"


def test_a_restart_between_two_commands_is_told_once():
    module = scripted(OK, OK, OK, b'+ID2ID: "AB"\r\n' + OK)
    module.init()
    module._transport.waiting.append(b"\r\nRDY\r\n")
    with pytest.raises(DeviceError, match="has started anew by itself"):
        module.get_id()
    module.init()
    assert module.get_id() == "AB"


def test_parts_that_are_missing_are_not_joined():
    lines = b"^SCODE:1/3,QQ==\n^SCODE:3/3,Qg==\nDONE\n"
    quick = BRICK.model_copy(update={"setup": (), "settle_s": 0.01})
    with pytest.raises(BenchError, match=r"of 3 parts of an answer came \[1, 3\]"):
        AtModule(Scripted(b"DONE\n", lines), quick).get_challenge_auth_code("1")


def test_a_code_that_is_torn_once_is_asked_again():
    code = authcode.build(ENTRY.key, ENTRY.id2, challenge="1", device_random="A" * 16).text
    torn = code.replace("~", "", 1)
    module = scripted(*(f'\r\n+ID2CHAL: "{one}"\r\n'.encode() + OK for one in (torn, code)))
    assert module.get_challenge_auth_code("1") == code
    module = scripted(*(f'\r\n+ID2CHAL: "{one}"\r\n'.encode() + OK for one in (torn, torn)))
    assert module.get_challenge_auth_code("1") == torn  # the same twice: it is what the module says
    other = code.replace("A" * 16, "A" * 8)
    module = scripted(*(f'\r\n+ID2CHAL: "{one}"\r\n'.encode() + OK for one in (torn, other)))
    with pytest.raises(BenchError, match="came broken twice, and not in the same way"):
        module.get_challenge_auth_code("1")


def test_a_dead_module_blocks():
    with pytest.raises(BenchError, match="does not answer 'AT'"):
        AtModule(Scripted(), FAST).get_id()


def test_a_module_that_learns_its_speed_misses_the_first_probes():
    transport = Scripted(b"", b"\xf0\x0f", OK, b'+ID2ID: "AB"\r\n' + OK)
    assert AtModule(transport, FAST.model_copy(update={"ready_s": 2.0})).get_id() == "AB"


class OfOneSpeed(Scripted):
    """A module on a serial line that understands, and is understood, at one speed alone."""

    def __init__(self, right, *answers):
        super().__init__(*answers)
        self.right, self.speeds = right, []

    @property
    def capabilities(self):
        return super().capabilities | {Capability.SPEED}

    def do(self, operation):
        if isinstance(operation, SetSpeed):
            self.speeds.append(operation.baudrate)
            return b""
        if isinstance(operation, StreamWrite) and (self.speeds or [None])[-1] != self.right:
            self.waiting.append(b"\xf0\x80\x00\xfe")
            return b""
        return super().do(operation)


QUICK = FAST.model_copy(update={"baud_probe": (9600, 57600, 921600), "ready_s": 0.01})


@pytest.fixture
def _quick_probes(monkeypatch):
    monkeypatch.setattr(line_module, "_PROBE_S", 0.01)


@pytest.mark.usefixtures("_quick_probes")
def test_a_module_is_found_at_another_speed():
    transport = OfOneSpeed(57600, OK, b'+ID2ID: "AB"\r\n' + OK)
    module = AtModule(transport, QUICK)
    assert module.get_id() == "AB"
    assert transport.speeds == [9600, 57600]


@pytest.mark.usefixtures("_quick_probes")
def test_a_module_that_answers_is_asked_at_no_other_speed():
    transport = OfOneSpeed(None, OK, b'+ID2ID: "AB"\r\n' + OK)
    assert AtModule(transport, QUICK).get_id() == "AB"
    assert transport.speeds == []


@pytest.mark.usefixtures("_quick_probes")
def test_a_module_that_answers_at_no_speed_blocks_and_leaves_that_of_the_board_file():
    transport = OfOneSpeed(1200)
    with pytest.raises(BenchError, match="nor at 9600, 57600, 921600 baud"):
        AtModule(transport, QUICK).get_id()
    assert transport.speeds == [9600, 57600, 921600, None]


@pytest.mark.usefixtures("_quick_probes")
def test_a_module_that_was_heard_and_is_busy_is_not_looked_for_elsewhere():
    transport = OfOneSpeed(None, OK, b'+ID2ID: "AB"\r\n' + OK)
    module = AtModule(transport, QUICK)
    module.get_id()
    short = QUICK.commands["get_id"].model_copy(update={"timeout_s": 0.01})
    QUICK.commands["get_id"] = short
    for _ in range(2):
        with pytest.raises(BenchError):
            module.get_id()
    assert transport.speeds == []


@pytest.mark.usefixtures("_quick_probes")
def test_a_socket_has_no_speed_to_try():
    with pytest.raises(BenchError, match=r"does not answer 'AT'$"):
        AtModule(Scripted(), QUICK).get_id()


def test_no_message_shows_a_secret():
    module = scripted(b'\r\n+ID2SEX: "SECRET"\r\n' + OK)
    with pytest.raises(BenchError) as caught:
        module.get_secret("seed")
    assert "SECRET" not in caught.value.message


# ---- templates
@given(st.binary(max_size=80), st.one_of(st.none(), st.binary(max_size=80)))
def test_what_a_template_writes_it_reads(one, other):
    for form in ("hex", "base64"):
        template = Template(f'AT+X={{{"a"}:{form}}}[,"{{b:{form}}}"];')
        values = template.read(template.write({"a": one, "b": other}))
        assert values == {"a": one} | ({} if other is None else {"b": other})


@given(st.text(max_size=120))
def test_no_line_breaks_a_template(line):
    try:
        found = Template("+X: {part}/{parts},{value:base64}[,{code:hex}]").read(line)
    except TemplateError:
        return
    assert found is None or "value" in found


@pytest.mark.parametrize("source", ["AT[", "AT]", "AT[{a}[{b}]]", "AT{", "AT}", "AT{A}", "AT{a:other}"])
def test_templates_that_are_none(source):
    with pytest.raises(TemplateError, match="has no partner"):
        Template(source)


def test_values_that_cannot_be_written_are_said():
    with pytest.raises(UsageError, match="challenge holds control characters"):
        scripted().get_challenge_auth_code("a\r\nAT+RESET")
    with pytest.raises(UsageError, match="has no command for encrypt"):
        module_of(BRICK).encrypt(b"x")


# ---- files
def test_dialects_fit_the_schema():
    validator = jsonschema.Draft202012Validator(dialect_schema())
    for path in (dialects.FOLDER / "generic.yaml", HERE / "brick.yaml"):
        validator.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("version: 1", "version: 2"), "version"),
        (lambda text: text.replace("name: brick", "nam: brick"), "brick.yaml:3: name: "),
        (lambda text: text.replace("  get_id:", "  get_name:"), "get_name"),
        (lambda text: text.replace("{challenge:hex}", "{random:hex}"), "has no field {random}"),
        (lambda text: text.replace("AT^SID?", "AT^SID["), "has no partner"),
        (lambda text: text.replace('answer: "^SID:{value:base64}"', 'answer: "^SID:"'), "has no {value}"),
        (lambda text: text.replace('    prompt: "CONNECT"\n', ""), "a prompt or data, and not both"),
        (lambda text: text.replace(",{length}", ""), "does not say {length}"),
    ],
)
def test_mistakes_in_a_dialect_are_told_with_their_place(change, told):
    text = change((HERE / "brick.yaml").read_text())
    with pytest.raises(UsageError) as caught:
        dialects.parse(text, "brick.yaml")
    assert told in caught.value.message
    assert caught.value.message.startswith("brick.yaml:")


def test_a_dialect_that_is_not_there():
    with pytest.raises(UsageError, match=r"there is no AT dialect 'generik'.*generic"):
        dialects.load("generik", HERE)
    with pytest.raises(UsageError, match="no such file"):
        dialects.load("./none.yaml", HERE)
