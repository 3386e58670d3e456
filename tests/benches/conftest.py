import pytest

from tests.benches.bench_hosts import BenchHost, Lab, enter_namespace


@pytest.fixture(scope="session")
def namespace():
    enter_namespace()


@pytest.fixture
def make_lab(namespace, tmp_path):
    """Three hosts with four boards each; a test may ask for other ones."""
    made = []

    def make(count=3, boards=("ok-a", "ok-b", "ok-c", "bad-d"), each=None, **environment):
        hosts = [
            BenchHost(
                tmp_path,
                number,
                [f"{board}{number}" for board in (each or {}).get(number, boards)],
                **environment,
            )
            for number in range(1, count + 1)
        ]
        made.append(Lab(tmp_path, hosts))
        return made[-1]

    yield make
    for one in made:
        one.close()
