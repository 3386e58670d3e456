"""`harness run --detach`: who starts a campaign waits for its name alone."""

import json
import os
import select
from contextlib import closing

from harness.cli.detached import detached
from harness.progress.writer import ProgressWriter


def test_what_a_campaign_has_started_before_its_name_is_told_keeps_nobody_waiting(tmp_path, capsys):
    over, end = os.pipe()

    def campaign(begun):
        os.close(end)
        if os.fork() == 0:  # as who tells commands is: it has all that was open
            if not select.select([over], [], [], 5)[0]:
                (tmp_path / "was waited for").touch()
            os._exit(0)
        with closing(ProgressWriter(tmp_path, print)) as progress:
            begun(progress)
        return 0

    try:
        assert detached(campaign, as_json=True) == 0
    finally:
        os.close(end)
        os.close(over)
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == str(tmp_path / ".campaigns" / told["campaign"])
    assert not (tmp_path / "was waited for").exists()
    os.waitpid(told["pid"], 0)
