"""The device of a board file: its ID² and, where the file itself leads to it, its key.

A board file names an environment variable or a file for a real key. Neither is looked up here: it would be this
computer's own, and who uploads a file must not read those.
"""

from pydantic import ValidationError

from harness.id2 import published
from harness.id2.keys import Key
from harness.service.mock.importing.rows import BadFileError, Problem, Row, Thing, Why, device_row
from harness.settings import yaml_file
from harness.settings.references import DeviceKeyReference, SimulatedKeyReference

_KIND = yaml_file.FileKind("a board file", has_secrets=True)


def read(text: str, file: str, key: str) -> Row:
    """Return the device of a board file.

    Args:
        text: The file.
        file: What errors call it.
        key: Its key, for a file that says where the key is to be found.

    Raises:
        BadFileError: No board file, or one without `device: {id: …}`.
        UsageError: Not YAML.
    """
    document = yaml_file.parse(text, file, _KIND)
    data = document.to_data()
    device = _section(data, "device")
    id2 = device.get("id")
    if not isinstance(id2, str):
        raise BadFileError("the board file says no `device: {id: …}`", "import.no_device")
    line = document.line_of(("device", "id"))
    kind, found, public = _key(data, device, key)
    if not found and not public:
        return Row(line, Thing.DEVICE, id2[:48], kind, None, Problem(Why.KEY_ELSEWHERE))
    return device_row(line, id2=id2, key_type=kind, key=found, public=public)


def _key(data: yaml_file.Data, device: dict[str, yaml_file.Data], key: str) -> tuple[str, str | Key, str]:
    """Return key type, key and public key."""
    planned = _section(data, "plan").get("key_type")
    kind = planned if isinstance(planned, str) else ""
    if key:
        return kind, key, ""
    try:
        where = DeviceKeyReference.model_validate(device.get("key") or {})
        if where.published is not None:
            return where.published.value, published.KEYS[where.published].key, ""
        if where.public is not None:
            return kind, "", where.public
        if where.simulated is not None:
            simulated = _section(_section(_section(data, "transports"), where.simulated), "device")
            source = SimulatedKeyReference.model_validate(simulated.get("key") or {})
            kind = str(simulated.get("key_type") or kind)
            if source.published is not None:
                return source.published.value, published.KEYS[source.published].key, ""
            if source.test_key is not None:
                return kind, source.test_key.get_secret_value(), ""
    except ValidationError:
        pass  # the file is checked by `harness boards check`; here only a key that it leads to counts
    return kind, "", ""


def _section(data: yaml_file.Data, name: str) -> dict[str, yaml_file.Data]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
