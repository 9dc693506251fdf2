"""When two detections of a source are alike although their records differ: by a list of what the source varies. Pure.

Some products give every repeat a new id, another port or another address. Their source then says which fields do not
count. What is told (signature or title), which host was hit, how grave it is and on which day always counts: so no
repeat hides another host or a graver report, and a new day tells it anew.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime

from csirt.model.detection import Detection
from csirt.model.sorting import attacked_and_attacker, day_of, told_host

IGNORABLE = ("id", "time", "src_ip", "dst_ip", "user", "state")
"""What a source may leave out, by the names of a detection's fields. `time` counts where there is no id."""


def likeness(detection: Detection, ignoring: Collection[str], received: datetime) -> str:
    """What makes two detections alike for a source that leaves out the fields `ignoring`: 32 hex digits."""
    attacked, _ = attacked_and_attacker(detection)
    known = {
        "id": detection.id if "id" not in ignoring else None,
        "time": detection.time_raw if not detection.id or "id" in ignoring else None,
        **{name: getattr(detection, name) for name in IGNORABLE[2:]},
    }
    parts = (
        detection.format,
        detection.signature or detection.title,
        told_host(attacked) or f"unknown:{detection.format}",  # the account behind it may be left out
        (detection.host or "").casefold(),
        str(detection.level),
        day_of(detection.time_utc or received).isoformat(),
        *(f"{name}={known[name] or ''}" for name in IGNORABLE if name not in ignoring),
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
