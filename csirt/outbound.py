"""Lines that lead out of the house: whom we believe, where a name may lead, and how long we wait in all."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from csirt.errors import Invalid

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class DeadlinePassed(Exception):
    """The work took too long and was abandoned; whether it had its effect is for the caller to say."""


class NotAllowed(Exception):
    """A name leads where nothing of ours may go."""


def within(seconds: float, work: Callable[[], T], abandon: Callable[[], None]) -> T:
    """Do `work` on a thread of its own and wait for it no longer than `seconds` in all.

    A socket's own timeout begins anew with every byte that arrives, so a server that drips holds its caller for as
    long as it likes. `abandon` is called when time is up; it must close what the work hangs on, so that the thread
    ends soon as well, and must not raise.

    Raises:
        DeadlinePassed: it was not done in time. Otherwise whatever `work` raises.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbound")
    try:
        future = pool.submit(work)
        done, _ = wait([future], timeout=seconds)
        if not done:
            abandon()
            raise DeadlinePassed
        return future.result()
    finally:
        pool.shutdown(wait=False)


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates are checked, against the city's own authority if there is one, else against the machine's.

    Raises:
        Invalid: `ca_file_unreadable`.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as broken:  # ssl.SSLError is one
        raise Invalid("ca_file_unreadable") from broken


def addresses_of(host: str, port: int, networks: Sequence[Network] = ()) -> list[str]:
    """The addresses of a name, to be connected to as they are.

    It may lead into the city's network, but neither to this machine nor to a link; with `networks` into these only.

    Raises:
        NotAllowed: it leads elsewhere.
        OSError: it cannot be resolved.
    """
    found = dict.fromkeys(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    for address in found:
        ip = ipaddress.ip_address(address)
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        to_itself = ip.is_loopback and host != "localhost" and not is_address(host)
        if to_itself or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
            raise NotAllowed
        if networks and not any(ip in network for network in networks):
            raise NotAllowed
    return list(found)


def is_address(host: str) -> bool:
    """Is this an address, not a name?"""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Is this very machine meant, by address or by its one name?"""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)
