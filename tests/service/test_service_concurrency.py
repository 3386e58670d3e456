"""Eight clients at once: licences are never oversold, challenges never accepted twice."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.service.errors import ServiceRefusal
from harness.service.mock.server import MockService
from harness.service.mock.store.devices import DeviceState
from tests.service.service_bench import Bench, new_device

CLIENTS = 8
DEVICES = 40
LICENCES = 13


@pytest.fixture(params=["one mock in memory", "one mock on a file", "two mocks on one file"])
def mocks(request, tmp_path):
    """One or two servers; two share a file, as two processes would."""
    db = None if "memory" in request.param else tmp_path / "service.db"
    with MockService(db) as first:
        if "two" not in request.param:
            yield (first,)
            return
        with MockService(db) as second:
            yield (first, second)


def at_once(mocks, work):
    """Run `work(client)` for each item of an iterable of callables, from eight threads with a client each."""
    local = threading.local()
    clients = []
    turns = itertools.cycle(mocks)
    barrier = threading.Barrier(CLIENTS)

    def prepare():
        barrier.wait()
        local.service = next(turns).client()
        clients.append(local.service)

    with ThreadPoolExecutor(CLIENTS, initializer=prepare) as pool:
        results = list(pool.map(lambda job: job(local.service), work))
    for client in clients:
        client.close()
    return results


def code_of(call):
    try:
        return 200 if call() else 0
    except ServiceRefusal as refusal:
        return int(refusal.code)


def test_exactly_as_many_activations_as_licences(mocks):
    admin = mocks[0].admin
    product = admin.create_product("lock", licences=LICENCES)
    devices = [new_device() for _ in range(DEVICES)]
    for device in devices:
        admin.add_device(device.id2, device.key)

    def activate(device):
        def job(service):
            code = device.answer(service.get_server_random(device.id2))
            return code_of(lambda: service.verify(device.id2, product.product_key, code))

        return job

    codes = at_once(mocks, [activate(device) for device in devices])

    assert codes.count(200) == LICENCES
    assert codes.count(16) == DEVICES - LICENCES
    states = [admin.device(device.id2).state for device in devices]
    assert [state is DeviceState.BOUND for state in states] == [code == 200 for code in codes]
    counters = admin.counters(product.product_key)
    assert (counters.purchased, counters.used, counters.unused) == (LICENCES, LICENCES, 0)


def test_no_challenge_is_accepted_twice(mocks):
    with mocks[0].client() as service:
        bench = Bench(mocks[0], service)
        device, product = bench.active()
        good = [device.answer(service.get_server_random(device.id2)) for _ in range(5)]
    codes = at_once(
        mocks,
        [
            lambda service, code=code: code_of(lambda: service.verify(device.id2, product.product_key, code))
            for code in good * CLIENTS
        ],
    )
    assert codes.count(200) == len(good)
    assert codes.count(35) == len(good) * (CLIENTS - 1)


def test_no_timestamp_code_is_accepted_twice(mocks):
    with mocks[0].client() as service:
        bench = Bench(mocks[0], service)
        device, product = bench.active()
        code = device.stamp(bench.now_ms())
    codes = at_once(
        mocks,
        [lambda service: code_of(lambda: service.verify(device.id2, product.product_key, code))]
        * CLIENTS
        * 2,
    )
    assert sorted(codes) == [34] * (CLIENTS * 2 - 1) + [200]


def test_one_device_activated_by_eight_at_once_uses_one_licence(mocks):
    admin = mocks[0].admin
    product = admin.create_product("lock", licences=CLIENTS)
    device = new_device()
    admin.add_device(device.id2, device.key)

    def job(service):
        code = device.answer(service.get_server_random(device.id2))
        return code_of(lambda: service.verify(device.id2, product.product_key, code))

    assert at_once(mocks, [job] * CLIENTS) == [200] * CLIENTS
    assert admin.counters(product.product_key).used == 1


def test_no_nonce_is_accepted_twice(mocks):
    with mocks[0].client() as service:
        bench = Bench(mocks[0], service)
        parameters = bench.signed("GetServerRandom", Id2=bench.device().id2)

    def replay(service):
        return httpx.post(service.endpoint, data=parameters, trust_env=False).status_code

    assert sorted(at_once(mocks, [replay] * CLIENTS)) == [200] + [400] * (CLIENTS - 1)
