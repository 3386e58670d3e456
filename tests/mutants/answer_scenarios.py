"""Which scenarios a chip with a wrong, leaking or tolerant answer meets, so that each run takes seconds.

That each of them is caught with the key known and unknown stands in tests/step4_adapt/test_answer_faults.py.
"""

from harness.simulator.faults.catalogue import ANSWER_FAULTS

_BY_MODULE = {
    "harness.simulator.faults.wrong_answers": "test_chip_mac or test_chip_values",
    "harness.simulator.faults.leaks": "test_chip_hidden or test_chip_tolerance or test_chip_identity or test_challenge "
    "or test_without_a_leak or test_chip_pin",
    "harness.simulator.faults.tolerance": "test_chip_tolerance or test_chip_pin",
}

ANSWER_SCENARIOS = {fault.name: _BY_MODULE[fault.hooks.__module__] for fault in ANSWER_FAULTS}
