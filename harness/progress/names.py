"""What lies where in the folder of a campaign."""

from dataclasses import dataclass
from pathlib import Path

CAMPAIGNS = ".campaigns"
"""The folder of the campaigns, below the folder of runs."""


@dataclass(frozen=True, slots=True)
class CampaignFolder:
    """One campaign's folder."""

    path: Path

    @property
    def progress(self) -> Path:
        """The events, one JSON object a line."""
        return self.path / "progress.jsonl"

    @property
    def started(self) -> Path:
        """What `campaign_started` says, for readers."""
        return self.path / "campaign.json"

    @property
    def lock(self) -> Path:
        """Locked by the kernel as long as the campaign's process lives."""
        return self.path / "lock"

    @property
    def answers(self) -> Path:
        """Answers to operator steps, given from elsewhere."""
        return self.path / "answers"

    @property
    def output(self) -> Path:
        """What a campaign without a terminal writes."""
        return self.path / "output.txt"
