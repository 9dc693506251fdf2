"""`csirt syslog`: listens for syslog until told to stop."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from csirt.bootstrap import Desk
from csirt.cli.opening import open_desk
from csirt.cli.speaking import Data
from csirt.errors import Invalid
from csirt.listening import Ports, SyslogListener
from csirt.logs import configure

_HIGHEST = 65535


def syslog(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on. 待ち受けるアドレス")] = "127.0.0.1",
    udp: Annotated[int, typer.Option(min=-1, max=_HIGHEST, help="UDP port; -1: none. UDPのポート")] = 5514,
    tcp: Annotated[int, typer.Option(min=-1, max=_HIGHEST, help="TCP port; -1: none. TCPのポート")] = 5514,
    tls: Annotated[int, typer.Option(min=-1, max=_HIGHEST, help="TLS port; -1: none. TLSのポート")] = -1,
    certificate: Annotated[Path | None, typer.Option(help="Its certificate chain (PEM). 証明書")] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM). 秘密鍵")] = None,
    data: Data = None,
) -> None:
    """Listen for syslog until told to stop. syslogを受け取る"""
    configure("syslog")
    wanted = {name: one for name, one in (("udp", udp), ("tcp", tcp), ("tls", tls)) if one >= 0}
    ports = Ports(host, certificate=certificate, key=key, **wanted)
    if not wanted:
        raise Invalid("port_missing")
    with open_desk(data, "syslog") as desk:
        asyncio.run(_listen(desk, ports))


async def _listen(desk: Desk, ports: Ports) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    listener = SyslogListener(desk, ports)
    await listener.begin()
    await told.wait()
    await listener.end()
