"""The empty test that other figures are compared with."""


def test_nothing():
    pass
