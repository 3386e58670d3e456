"""Forms as browsers send them: bounded in size, number of fields and length, decoded whatever they hold."""

from collections.abc import AsyncGenerator, Mapping
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

BODY_MAX = 4 * 1024 * 1024
"""Bytes of a form, unless a site says otherwise; a console log with every APDU in it has some 100 KB."""
_DRAIN_MAX = 64 * 1024 * 1024
FIELDS_MAX = 64
"""Fields of a form, unless a site says otherwise."""
_MULTIPART = "multipart/form-data"


class BadForm(Exception):  # noqa: N818 - an answer to the person, not a defect
    """A form that is not read.

    Attributes:
        status: HTTP status.
        text: Key of the text that says why.
        values: Values in it.
    """

    def __init__(self, status: int, text: str, **values: object) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.values: Mapping[str, object] = values


async def read_form(request: Request, most: int, fields_max: int) -> dict[str, str]:
    """Return the fields of a form; of several with one name, the last one counts.

    A file that was uploaded with it stands under its field's name as text, see `decode`.

    Args:
        request: As it came.
        most: Largest form, bytes.
        fields_max: Most fields.

    Raises:
        BadForm: Too large, too many fields, or not a form.
    """
    body = await _body(request, most)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _MULTIPART:
        return await _multipart(request, body, most, fields_max)
    if kind not in ("", "application/x-www-form-urlencoded"):
        raise BadForm(415, "error.not_a_form")
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=fields_max
        )
    except ValueError:
        raise BadForm(400, "error.too_many_fields") from None
    return dict(pairs)


def decode(data: bytes) -> str:
    """Return the text of a file from some terminal program: UTF-8, UTF-16 or GB 18030, by what fits."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if data.count(0) * 4 > len(data):
        little = data[1::2].count(0) >= data[::2].count(0)
        return data.decode("utf-16-le" if little else "utf-16-be", "replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "backslashreplace")


async def _body(request: Request, most: int) -> bytes:
    """Read the body; one that is too large is read to its end all the same, or the browser shows no answer."""
    body = bytearray()
    total = int(request.headers.get("content-length", "0"))
    if total <= _DRAIN_MAX:
        total = 0
        try:
            async for chunk in request.stream():
                total += len(chunk)
                if total > _DRAIN_MAX:
                    break
                if total <= most:
                    body += chunk
        except ClientDisconnect:  # nobody reads the answer either
            raise BadForm(400, "error.not_a_form") from None
    if total > most:
        raise BadForm(413, "error.too_large", most=most // (1024 * 1024))
    return bytes(body)


async def _multipart(request: Request, body: bytes, most: int, fields_max: int) -> dict[str, str]:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, whole(), max_files=1, max_fields=fields_max, max_part_size=most)
    try:
        parsed = await parser.parse()
    except (MultiPartException, FormParserError):
        raise BadForm(400, "error.not_a_form") from None
    fields: dict[str, str] = {}
    for name, value in parsed.multi_items():
        if isinstance(value, UploadFile):
            fields[name] = decode(await value.read())
            await value.close()
        else:
            fields[name] = value
    return fields
