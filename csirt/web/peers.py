"""Where a request comes from: the address that it was sent from, or the one that a proxy of ours saw."""

from ipaddress import ip_address

from fastapi import Request

from csirt.bootstrap import Desk
from csirt.model.source import is_among, networks_from

LONGEST = 64  # characters of an address


def address_of(request: Request) -> str:
    """The address of whoever asks.

    A proxy adds the address that it saw at the end of `X-Forwarded-For`. Whatever stands before the last one that no
    proxy of ours wrote may be made up, so it is not read. Proxies of ours are named by `trusted_proxies`; without it,
    one on this machine is believed where `base_url` tells of one. On a socket only a proxy can reach us.
    """
    desk: Desk = request.app.state.desk
    peer = request.client.host if request.client else ""
    told = [one.strip()[:LONGEST] for one in request.headers.get("x-forwarded-for", "").split(",")][::-1]
    for address in [peer, *told]:
        if not is_proxy(desk, address):
            return address or peer
    return peer


def is_proxy(desk: Desk, address: str) -> bool:
    """Is what says this address a proxy of ours? Nothing at all is what a socket says."""
    settings = desk.settings
    if not address:
        return settings.unix_socket is not None
    if settings.trusted_proxies:
        return is_among(address, networks_from(settings.trusted_proxies))
    return bool(settings.base_url) and is_loopback(address)


def is_loopback(host: str) -> bool:
    """Does this address, or name, mean this machine only?"""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
