"""Which network addresses a URL from outside may never lead to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: Networks that the guarded client never connects to, with the reason that its error gives. The first match speaks,
#: so precise rows stand before wide ones. Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries; the
#: cloud rows are the platforms' own documentation. `ip_address(…).is_global` alone lets several of them through.
FORBIDDEN: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this host"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by a carrier"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "the Azure platform"),
    ("169.254.0.0/16", "link-local, where clouds keep their metadata"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved for protocols"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::1/128", "loopback"),
    ("::/96", "this host, or an IPv4 address in disguise"),
    ("::ffff:0:0/96", "an IPv4 address in disguise"),
    ("::ffff:0:0:0/96", "an IPv4 address in disguise"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("100::/64", "discarded"),
    ("2001::/23", "reserved for protocols, among them Teredo"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
    # Global unicast is 2000::/3 (RFC 4291, section 2.4); these three rows are all the rest.
    ("::/3", "not global unicast"),
    ("4000::/2", "not global unicast"),
    ("8000::/1", "not global unicast"),
)

_NETWORKS = tuple((ip_network(network), reason) for network, reason in FORBIDDEN)


def forbidden(address: str | IPv4Address | IPv6Address) -> str | None:
    """Why a connection to this address is refused, or None if it is an ordinary public one.

    Raises
    ------
    ValueError
        If it is not an IP address.
    """
    parsed = ip_address(address)
    for network, reason in _NETWORKS:
        if parsed.version == network.version and parsed in network:
            return reason
    return None
