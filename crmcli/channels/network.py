"""Which IP addresses are internal ones, which a web hook must not reach."""

from __future__ import annotations

import ipaddress

_ALSO_INNER = tuple(
    ipaddress.ip_network(net)
    for net in (
        "100.64.0.0/10",  # carriers' inner addresses, and Alibaba's metadata
        "168.63.129.16/32",  # Azure's metadata, though it looks public
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "fec0::/10",
    )
)


def is_inner(address: str) -> bool:
    """Whether an IP address is loopback, private, link-local, reserved or a cloud's metadata."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = _carried(ip)
        if within is not None:
            return is_inner(str(within))
    return (
        not ip.is_global
        or ip.is_multicast
        or ip.is_reserved
        or any(ip in net for net in _ALSO_INNER if net.version == ip.version)
    )


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address carries inside: mapped, 6to4, Teredo, NAT64."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in ipaddress.ip_network("64:ff9b::/96") or int(ip) >> 32 == 0:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
