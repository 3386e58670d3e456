"""One request to the bench page: who asks, and what its templates can say."""

import time
from typing import Any

from harness.bench_page.bench import Bench
from harness.report.words import language
from harness.web.view import View


class BenchView(View[Bench]):
    """One request."""

    def common(self) -> dict[str, Any]:
        """Return what the templates of every page get."""
        return {
            "now": time.time(),
            "say": language(self.language.value),
            "has": self.has,
            "live": "",
        }

    def has(self, key: str) -> bool:
        """Tell whether there is a text of this key, which may come from a campaign."""
        try:
            self.text(key)
        except (KeyError, ValueError, IndexError):
            return False
        return True
