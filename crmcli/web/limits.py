"""How many submissions may come in a minute, from one address and in all."""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter

MINUTE = 60
FLOOD = 10
"""So many times as many as are welcome are kept in quarantine; more are refused."""
ONE_ADDRESS, ALL = "too many from one address", "too many at once"


class Limits:
    """Counts what came in this minute; what is over a limit has a reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._of: Counter[str] = Counter()
        self._all = 0
        self._held = 0

    def count(self, address: str, now: float, *, per_address: int, per_minute: int) -> str:
        """Count one more, and say why it is too much; "" if it is not."""
        with self._lock:
            self._turn(now)
            self._all += 1
            network = network_of(address)
            self._of[network] += 1
            if self._of[network] > per_address:
                return ONE_ADDRESS
            return ALL if self._all - self._held > per_minute else ""

    def may_hold(self, now: float, per_minute: int) -> bool:
        """Count one more for quarantine; False if there is no room for it in this minute."""
        with self._lock:
            self._turn(now)
            self._held += 1
            return self._held <= per_minute * FLOOD

    def _turn(self, now: float) -> None:
        minute = int(now // MINUTE)
        if minute != self._minute:
            self._minute, self._all, self._held = minute, 0, 0
            self._of.clear()


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of a household."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
