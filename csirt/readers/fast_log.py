"""fast.log of Suricata and Snort: one alert a line, with the sensor's clock and no offset from UTC.

    07/11/2022-10:29:32.251216  [**] [1:2008578:4] ET SCAN … [**] [Classification: …] [Priority: 2] {UDP} a:1 -> b:2

Priorities are those of EVE (`csirt.readers.suricata_eve`): 1 is the highest. A line that names a drop is an alert too.
"""

import re

from csirt.model.detection import Detection
from csirt.readers.limits import as_text, as_title
from csirt.readers.suricata_eve import level_of
from csirt.readers.times import instant

FORMAT = "suricata-fast"
# Every part is bounded or has one way to match, so a line is walked through once.
MARKER = re.compile(
    r"(?P<time>[0-9]{2}/[0-9]{2}(?:/[0-9]{2,4})?-[0-9:]{8}(?:\.[0-9]{1,9})?)\s{1,4}(?:\[(?:Drop|wDrop|Pass)\]\s)?"
    r"\[\*\*\]\s\[(?P<gid>[0-9]{1,10}):(?P<sid>[0-9]{1,10}):[0-9]{1,10}\]\s"
)
_TAIL = re.compile(
    r"\s?\[\*\*\](?:\s\[Classification: (?P<category>[^\]]{0,255})\])?(?:\s\[Priority: (?P<priority>[0-9]{1,5})\])?"
)
_SIDES = re.compile(
    r"\{(?P<protocol>[A-Za-z0-9-]{1,20})\}\s(?P<src>[0-9A-Fa-f.:]{2,50})\s->\s(?P<dst>[0-9A-Fa-f.:]{2,50})"
)


def judge(line: str) -> Detection | None:
    """A line as a detection; None where it is none of fast.log."""
    marker = MARKER.search(line)
    tail = _TAIL.search(line, marker.end()) if marker else None
    if marker is None or tail is None:
        return None
    sides = _SIDES.search(line, tail.end())
    title = as_title(line[marker.end() : tail.start()])
    return Detection(
        format=FORMAT,
        title=title or f"sid {marker['sid']}",
        severity_native=tail["priority"] or "",
        level=level_of(tail["priority"]),
        time_raw=marker["time"],
        time_utc=instant(marker["time"]),
        src_ip=_address(sides["src"]) if sides else None,
        dst_ip=_address(sides["dst"]) if sides else None,
        category=as_text(tail["category"]),
        signature=marker["sid"],
    )


def _address(side: str) -> str:
    """The address of `address:port`; IPv6 addresses have colons of their own, and ICMP no port."""
    return side.rpartition(":")[0] if side.count(":") in {1, 8} else side
