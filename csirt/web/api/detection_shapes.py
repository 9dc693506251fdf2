"""What the API gives of detections."""

from datetime import datetime

from csirt.web.api.shapes import Given


class OnAssetGiven(Given):
    """The asset that a detection hit, as the ledger has it."""

    id: str
    number: str
    name: str
    owner: str
    vendor: str
    layer: str | None
    confidentiality: int | None
    integrity: int | None
    availability: int | None


class ObservableGiven(Given):
    """What a detection carries. `value` as it was told, for machines; `text` defanged, for people."""

    kind: str
    value: str
    text: str


class DetectionGiven(Given):
    """A stored detection, seen `count` times.

    `attacked` is what detections are sorted by: a name or an address, or `unknown:`, the format and a digest where the
    record names no host. `attacked_text` is for people.
    """

    id: int
    format: str
    title: str
    severity_native: str
    level: int
    at: datetime
    src_ip: str | None
    dst_ip: str | None
    host: str | None
    user: str | None
    attacked: str
    attacked_text: str
    attacker: str | None
    count: int
    first_seen: datetime
    last_seen: datetime
    state: str
    incident: str | None
    joined_by: str | None
    joined_over: str | None
    joined_text: str
    ignored_by: str | None
    own_level: int | None
    asset: OnAssetGiven | None
    asset_text: str
    observables: list[ObservableGiven]


class WaitingGiven(Given):
    """Detections of one attacked host that wait for a decision; `keys` name them, `attacked` is as above."""

    attacked: str
    attacked_text: str
    title: str
    level: int
    count: int
    keys: list[int]
    asset_text: str
    observables: list[ObservableGiven]
    reasons: list[str]
