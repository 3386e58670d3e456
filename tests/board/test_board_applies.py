"""Facts of a board, and the small language that requirements ask for them in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.board.plan.applies import Facts, evaluate, facts_of, parse
from harness.board.plan.facts import VOCABULARY
from harness.errors import UsageError

SE = Facts(
    {
        "carrier": ["se"],
        "chip": [],
        "command_set": ["ica"],
        "key_type": ["aes-128"],
        "symmetric": [],
        "algorithm": ["aes-ecb", "aes-cbc"],
        "service": ["mock"],
    }
)

DECISIONS = [
    ("always", True, "it is for every board"),
    ("carrier=se", True, "plan.carrier: se"),
    ("carrier=km", False, "plan.carrier: se, not km"),
    ("carrier", True, "plan.carrier: se"),
    ("chip", True, "chip: the harness talks to the chip directly"),
    ("console", False, "console: there is no console section"),
    ("program=id2_app", False, "console.program: no program is known to print to a console"),
    ("algorithm=aes-cbc", True, "declaration.algorithms: aes-cbc"),
    ("algorithm=sm4-ecb", False, "declaration.algorithms: aes-ecb, aes-cbc, without sm4-ecb"),
    ("command=pin", False, "declaration.commands: none declared"),
    ("key_known", False, "device.key: the key of the device is not known"),
    ("not console", True, "console: there is no console section"),
    ("not chip", False, "chip: the harness talks to the chip directly"),
    ("not not chip", True, "chip: the harness talks to the chip directly"),
    (
        "chip and symmetric",
        True,
        "chip: the harness talks to the chip directly; plan.key_type: the key is symmetric",
    ),
    ("chip and console", False, "console: there is no console section"),
    (
        "console and key_known and chip",
        False,
        "console: there is no console section; device.key: the key of the device is not known",
    ),
    ("console or chip", True, "chip: the harness talks to the chip directly"),
    (
        "console or carrier=km",
        False,
        "console: there is no console section; plan.carrier: se, not km",
    ),
    (
        "carrier=km or carrier=se and chip",
        True,
        "plan.carrier: se; chip: the harness talks to the chip directly",
    ),
    ("(carrier=km or carrier=se) and console", False, "console: there is no console section"),
    ("not (console or carrier=km)", True, "console: there is no console section; plan.carrier: se, not km"),
    (
        "  chip  and(symmetric)  ",
        True,
        "chip: the harness talks to the chip directly; plan.key_type: the key is symmetric",
    ),
]


@pytest.mark.parametrize(("expression", "applies", "reason"), DECISIONS, ids=[one[0] for one in DECISIONS])
def test_decisions_name_the_field(expression, applies, reason):
    decided = evaluate(expression, SE)
    assert (decided.applies, decided.reason) == (applies, reason)
    assert list(decided.fields) == list(
        dict.fromkeys(part.partition(":")[0] for part in reason.split("; ") if ": " in part)
    )


WORDS = ", ".join(VOCABULARY)

WRONG = [
    ("", "the expression is empty; write 'always' for every board"),
    ("   ", "the expression is empty; write 'always' for every board"),
    ("carier=se", f"unknown word 'carier'; did you mean 'carrier'? words: {WORDS}"),
    ("chip and zzz", f"unknown word 'zzz'; words: {WORDS}"),
    ("Chip", f"unknown word 'Chip'; did you mean 'chip'? words: {WORDS}"),
    ("carrier=see", "carrier is never 'see'; did you mean 'se'? values: se, km, tee, puf, module, demo"),
    ("chip=yes", "'chip=yes': chip is just true or not; it has no values"),
    ("carrier=", "'carrier=': a value for carrier is missing: the expression ends"),
    ("carrier=and", "'carrier=and': a value for carrier is missing: 'and' stands there"),
    ("chip and", "'chip and': a word is missing: the expression ends"),
    ("and chip", "'and chip': a word is missing: 'and' stands there"),
    ("not", "'not': a word is missing: the expression ends"),
    ("(chip", "'(chip': a ) is missing"),
    ("chip)", "'chip)': ')' is one too many"),
    ("chip console", "'chip console': 'console' is one too many"),
    ("()", "'()': a word is missing: ')' stands there"),
    ("chip && console", "'chip && console': '&' is not part of this language"),
    ("chip; drop", "'chip; drop': ';' is not part of this language"),
    ("not " * 22 + "chip", None),
    ("(" * 30 + "chip" + ")" * 30, None),
    ("chip or " * 100 + "chip", "the expression is longer than 500 characters"),
]


@pytest.mark.parametrize(("expression", "message"), WRONG, ids=[one[0][:20] for one in WRONG])
def test_wrong_expressions(expression, message):
    with pytest.raises(UsageError) as caught:
        parse(expression)
    if message is None:
        assert caught.value.message.endswith("nested more than 20 deep")
    else:
        assert caught.value.message == message


def reason_or_message(text):
    try:
        return parse(text).evaluate(SE).reason
    except UsageError as error:
        return error.message


@pytest.mark.slow
@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_usage_error(text):
    assert "\n" not in reason_or_message(text)


PIECES = st.sampled_from(
    ["chip", "carrier", "=", "se", "and", "or", "not", "(", ")", "always", " ", "algorithm", "aes-ecb"]
)


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_any_words_are_an_expression_or_a_usage_error(text):
    assert reason_or_message(text)


NAMES = sorted(VOCABULARY)
ATOMS = st.sampled_from(NAMES).flatmap(
    lambda name: (
        st.just((name, None)) | st.tuples(st.just(name), st.sampled_from(VOCABULARY[name].values or (None,)))
    )
)
TREES = st.recursive(
    ATOMS,
    lambda inner: st.tuples(st.sampled_from(["and", "or"]), inner, inner) | st.tuples(st.just("not"), inner),
)


def is_atom(tree):
    return tree[0] in VOCABULARY


def written(tree):
    if is_atom(tree):
        return tree[0] if tree[1] is None else f"{tree[0]}={tree[1]}"
    if tree[0] == "not":
        return f"not ({written(tree[1])})"
    return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"


def holds(tree, facts):
    if is_atom(tree):
        return tree[0] in facts and (tree[1] is None or tree[1] in facts[tree[0]])
    if tree[0] == "not":
        return not holds(tree[1], facts)
    both = (holds(tree[1], facts), holds(tree[2], facts))
    return all(both) if tree[0] == "and" else any(both)


@given(
    TREES.filter(lambda tree: len(written(tree)) < 400 and written(tree).count("(") < 15),
    st.sets(st.sampled_from(NAMES)),
)
def test_decisions_are_those_of_logic(tree, present):
    facts = Facts({name: VOCABULARY[name].values[:1] for name in present})
    assert evaluate(written(tree), facts).applies is holds(tree, facts)


BOARD = """\
version: 1
name: lab
plan: {pattern: iot-platform, carrier: se, platform: third-party-os, key_type: sm4-128}
transports:
  chip: {kind: i2c, bus: /dev/i2c-1}
  console: {kind: serial, port: /dev/ttyS0}
chip: {transport: chip, framing: fm1280, select: false}
console: {transport: console, program: hal_app}
device: {serial_number: A1, id: 2122232425262728292A2B2C, key: {env: NOT_SET}}
declaration:
  algorithms: [sm4-ecb]
  commands: [pin]
  options: [sm4, sm3]
  features: [otp]
  vendor: 0x8180
  sdk_version: 3.1.0
service: {endpoint: 'https://h', product: {product_key: a1}, access_key: {id: {env: A}, secret: {env: B}}}
"""


def test_facts_of_a_full_board(load_text):
    assert facts_of(load_text(BOARD)).lines() == [
        "pattern=iot-platform",
        "carrier=se",
        "platform=third-party-os",
        "key_type=sm4-128",
        "symmetric",
        "hash=sm3",
        "chip",
        "client=decrypt",
        "client=encrypt",
        "client=get_device_challenge",
        "client=verify_server",
        "client=get_secret",
        "client=derive_key",
        "client=get_prov_stat",
        "client=kpm_get_auth_code",
        "client=dpm_get_totp",
        "client=dpm_get_index",
        "carrier_kind=se",
        "sdk_on_host",
        "framing=fm1280",
        "command_set=ica",
        "console",
        "program=hal_app",
        "prints=program",
        "prints=tests",
        "prints=errors",
        "prints=crash",
        "prints=claims",
        "dialect=bare",
        "id_known",
        "key_known",
        "serial_number",
        "algorithm=sm4-ecb",
        "command=pin",
        "commands_declared",
        "option=sm4",
        "option=sm3",
        "feature=otp",
        "vendor",
        "sdk_version",
        "service=real",
    ]


def test_facts_of_a_simulated_board(load_text, sound):
    facts = facts_of(load_text(f"{sound}device: {{key: {{simulated: chip}}}}\n"))
    assert {"simulated", "id_known", "key_known", "published_key", "select", "server_development"} <= set(
        facts
    )
    assert facts["service"] == ("mock",)
    assert not {"console", "recorded", "serial_number", "vendor", "algorithm"} & set(facts)


def test_a_published_key_brings_its_id(load_text, sound):
    facts = facts_of(load_text(f"{sound}device: {{key: {{published: aes-128}}}}\n"))
    assert {"id_known", "key_known", "published_key"} <= set(facts)
    assert not {"id_known", "key_known", "published_key"} & set(facts_of(load_text(sound)))


def test_a_published_key_with_another_id_is_not_the_published_device(load_text, sound):
    facts = facts_of(
        load_text(f"{sound}device: {{id: 00DBBC60A12BC016BA187800, key: {{published: aes-128}}}}\n")
    )
    assert "published_key" not in facts
    assert "key_known" in facts


def test_a_played_back_console_is_recorded(load_text, sound):
    text = (
        sound[: sound.index("  chip:")]
        + "  c: {kind: simulated-console, file: x.log}\nconsole: {transport: c}\n"
    )
    facts = facts_of(load_text(text))
    assert "recorded" in facts
    assert "chip" not in facts
    assert "id_known" not in facts


def test_every_fact_is_in_the_vocabulary(load_text, sound):
    for text in (BOARD, sound):
        for name, values in facts_of(load_text(text)).items():
            assert set(values) <= set(VOCABULARY[name].values)
