"""The signals that ask a campaign to end."""

import os
import signal

from harness.campaign.heard import Heard


def test_signals_are_kept_while_somebody_listens_and_given_back_afterwards():
    heard, before = Heard(), signal.getsignal(signal.SIGTERM)
    with heard.listening():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
    assert heard.signals == [signal.SIGTERM, signal.SIGHUP]
    assert signal.getsignal(signal.SIGTERM) == before


def test_one_that_was_ignored_from_the_start_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        heard = Heard()
        with heard.listening():
            os.kill(os.getpid(), signal.SIGHUP)
        assert heard.signals == []
    finally:
        signal.signal(signal.SIGHUP, before)
