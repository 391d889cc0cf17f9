"""How often somebody may try to log in: a few times a minute from one place, and not much more from everywhere."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import deque

#: Seconds over which attempts are counted.
WINDOW = 60.0
#: Attempts within them, from one address and altogether.
MOST_OF_ONE, MOST_OF_ALL = 10, 100


class Attempts:
    def __init__(self) -> None:
        self._made: deque[tuple[float, str]] = deque()
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """Count an attempt. Returns 0 if it may be made, or the seconds after which the next one may."""
        now, network = time.monotonic(), _network(address)
        with self._lock:
            while self._made and self._made[0][0] <= now - WINDOW:
                self._made.popleft()
            ours = [moment for moment, other in self._made if other == network]
            if len(ours) >= MOST_OF_ONE:
                return ours[-MOST_OF_ONE] + WINDOW - now
            if len(self._made) >= MOST_OF_ALL:
                return self._made[0][0] + WINDOW - now
            self._made.append((now, network))
            return 0.0


def _network(address: str) -> str:
    """What one person has: an address of IPv4, or 2^64 of IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found if found.version == 4 else ipaddress.ip_network((found, 64), strict=False))
