"""A changed character anywhere in a code, an ID or a value of the report fails, and an item names its line.

The default run takes every n-th place with a few replacements; `-m exhaustive` takes every place with all of them.
What may go untold, or be told without its line, is a line end in the middle and another date within a day of the
banner's (`is_honest_exception`).
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.logcheck.log_mutations import Miss, changes, is_honest_exception, miss, places, replacements
from tests.logcheck.log_samples import AES, CASES

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[1] / "samples"
STRIDES = {"aes": 17, "se-keyless": 37, "se-keyed": 71, "demo": 23}


@pytest.mark.parametrize("name", STRIDES)
def test_changed_character_is_told_with_its_line(sample, name):
    case = CASES[name]
    data = sample(case.part)
    tried = 0
    for place, new in changes(data, case.id2, stride=STRIDES[name], each=3):
        tried += 1
        found = miss(data, case, place, new)
        assert found is None or is_honest_exception(data, found), found
    assert tried > 30


def test_places_cover_codes_ids_and_values(sample):
    data = sample(AES.part)
    covered = bytearray(b"." * len(data))
    for place in places(data, AES.id2):
        covered[place] = data[place]
    for text in (
        b"SeRNXM7ojIwVvPmr8rAFfA9Imo4lLFVpHhYt0jUiEtSXnA1nt3r97vPi1Bnh6fF1",
        b"1.0.0",
        b"3.1.0",
        b"id2_client_get_id",
    ):
        assert text in covered
    assert covered.count(AES.id2.encode()) == data.count(AES.id2.encode()) == 5
    assert all(data[place] not in replacements(data[place]) for place in places(data, AES.id2))


def test_dates_are_an_exception(sample):
    """The exceptions are really there, so the list of them is honest."""
    data = sample(AES.part)
    date = data.index(b'"date": "') + 9
    assert miss(data, AES, date + 19, ord("9")) == Miss(78, date + 19, "1", "9", "passed")
    assert miss(data, AES, date + 10, ord("9")) is None  # the year


def _untold(name: str, numbered: tuple[int, int]) -> tuple[int, list[Miss]]:
    case, (part, parts) = CASES[name], numbered  # by name: keys are not sent to another process
    (path,) = SAMPLES.glob(f"*{case.part}*.log")
    data = path.read_bytes()
    tried, untold = 0, []
    for number, (place, new) in enumerate(changes(data, case.id2)):
        if number % parts == part:
            tried += 1
            found = miss(data, case, place, new)
            if found is not None and not is_honest_exception(data, found):
                untold.append(found)
    return tried, untold


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", STRIDES)
def test_every_changed_character_is_told_with_its_line(name):
    parts = 16
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(partial(_untold, name), [(part, parts) for part in range(parts)]))
    assert [found for _, untold in results for found in untold] == []
    tried = sum(count for count, _ in results)
    assert tried > 15_000
