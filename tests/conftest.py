"""Settings for all tests: no deadline on an example, since how long one takes is for the benchmarks to say."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
