"""Whether other processes disturbed what was timed."""

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")  # where Linux counts the time of each core
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
        """Seconds, since the start, of the cores that this process may use; of these not idle; of this process."""
        try:
            lines = [line.split() for line in STAT.read_text().splitlines()]
            cores = {f"cpu{number}" for number in os.sched_getaffinity(0)}
            of_each = [[int(value) for value in line[1:9]] for line in lines if line and line[0] in cores]
            user, nice, system, idle, iowait, irq, softirq, steal = map(sum, zip(*of_each, strict=True))
        except (OSError, ValueError, AttributeError):
            return None
        ticks = os.sysconf("SC_CLK_TCK")
        busy = (user + nice + system + irq + softirq + steal) / ticks
        return busy + (idle + iowait) / ticks, busy, time.process_time()
