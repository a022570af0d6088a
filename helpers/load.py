"""Whether other processes disturbed what was timed."""

import os
import time
from pathlib import Path

QUIET_SHARE = 0.10  # of the processor: a run beside which other processes took more was disturbed


class Load:
    """What other processes took of the processor since this object was made.

    Linux counts the time of all processes together and of this one, children aside; elsewhere nothing is known.
    """

    def __init__(self):
        self._start = self._busy()

    def others(self) -> float | None:
        """Share of the processor's time, 0 to 1, that went to other processes; None where the system does not say."""
        now = self._busy()
        if now is None or self._start is None or now[0] <= self._start[0]:
            return None
        total, busy, own = (after - before for after, before in zip(now, self._start, strict=True))
        return round(min(1.0, max(0.0, (busy - own) / total)), 4)

    @staticmethod
    def _busy() -> tuple[float, float, float] | None:
        """Seconds of all cores since the machine started; of these not idle, stolen included; of this process."""
        try:
            fields = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        except (OSError, ValueError):
            return None
        user, nice, system, idle, iowait, irq, softirq, steal = fields
        ticks = os.sysconf("SC_CLK_TCK")
        busy = (user + nice + system + irq + softirq + steal) / ticks
        return busy + (idle + iowait) / ticks, busy, time.process_time()
