"""The operator steps: what only a person can do, in the vendor's console or at a bench without a programmer.

Source: service.md 2.1, 3, 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from harness.operator import forms
from harness.operator.forms import Form


@dataclass(frozen=True, slots=True)
class Field:
    """One value that the person gives back.

    Attributes:
        name: Its name, also in a file of answers.
        form: Its form.
        secret: It is typed unseen, and never written anywhere.
    """

    name: str
    form: Form
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One operator step.

    Attributes:
        id: Its name in a file of answers.
        title: What is to be done, in one sentence.
        instructions: How, one line each; `{name}` is filled in by the scenario that asks.
        fields: What is to be given back.
        picture: A picture of what is to be done (PNG, JPEG, GIF or WebP); None for none.
    """

    id: str
    title: str
    instructions: tuple[str, ...]
    fields: tuple[Field, ...]
    picture: Path | None = None


PRODUCT = Step(
    "product",
    "Look the product up in the console",
    (
        "Open the {console} console and find the product with ProductKey {product_key}.",
        "Choose its view configuration (查看配置).",
        "Give back its ProductKey, and its device authentication algorithm (设备认证算法).",
    ),
    (Field("product_key", forms.PRODUCT_KEY), Field("algorithm", forms.KEY_TYPE)),
)

CREATE_PRODUCT = Step(
    "create-product",
    "Create a product in the console",
    (
        "Open the {console} console and start the wizard (集成与部署).",
        "Create a product named {name} with the device authentication algorithm {algorithm}.",
        "Give it {licences} licences; see that this is what you want to pay for.",
        "Give back its ProductKey and ProductSecret.",
    ),
    (
        Field("product_key", forms.PRODUCT_KEY),
        Field("product_secret", forms.PRODUCT_SECRET, secret=True),
    ),
)

BUY_LICENCE = Step(
    "buy-licence",
    "Buy a licence for the product",
    (
        "Open the {console} console and find the product with ProductKey {product_key}.",
        "Buy one licence more for it, or assign one of the account's; a licence arrives in 3 to 5 minutes.",
        "Answer done when the console shows it.",
    ),
    (Field("result", forms.DONE),),
)

COUNTERS = Step(
    "licences",
    "Read the licence counters of the product",
    (
        "Open the {console} console and find the product with ProductKey {product_key}.",
        "Give back the numbers of licences purchased (已购买), used (已使用) and expired (已过期).",
    ),
    (
        Field("purchased", forms.NUMBER),
        Field("used", forms.NUMBER),
        Field("expired", forms.NUMBER),
    ),
)

VERIFICATION = Step(
    "verification",
    "Have the console verify the validation report of the device",
    (
        "Open the console's device-side adaptation verification (设备端适配验证).",
        "Choose verify debugging result (验证调试结果), and paste the whole text of this file: {report}",
        "Press verify (验证). The dialog shows the result, and a ciphertext when it is good.",
        "Give back the result, and the ciphertext.",
    ),
    (Field("result", forms.PASSED_OR_FAILED), Field("ciphertext", forms.CIPHERTEXT)),
)

CONFIRMATION = Step(
    "confirmation",
    "Confirm the verification in the console",
    (
        "The device has decrypted the ciphertext to its own ID, {id2}.",
        "Finish the verification in the console (完成验证).",
        "Give back the result that the console shows for the device.",
    ),
    (Field("result", forms.PASSED_OR_FAILED),),
)

BUILD = Step(
    "build",
    "Build id2_app with values in it",
    (
        "Build id2_app {purpose}; this file has its values: {values}",
        "They take the place of constants in app_entry.c and src/id2_client_mesg.c; ID2_PRODUCT_KEY is PRODUCT_KEY.",
        "An empty one means none; leave out what this SDK does not have.",
        "Keep each image apart: the first one is flashed again at the end.",
        "Give back the path of the image that was built.",
    ),
    (Field("image", forms.FILE),),
)

FLASH = Step(
    "flash",
    "Flash the image",
    (
        "Flash {image} into the board, and into no other.",
        "Its SHA-256 is {sha256}.",
        "Answer done when it is written; the board is started anew afterwards.",
    ),
    (Field("result", forms.DONE),),
)

_ALL = (PRODUCT, CREATE_PRODUCT, BUY_LICENCE, COUNTERS, VERIFICATION, CONFIRMATION, BUILD, FLASH)

STEPS: Mapping[str, Step] = MappingProxyType({step.id: step for step in _ALL})
"""Every operator step by its name."""
