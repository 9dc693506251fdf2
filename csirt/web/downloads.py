"""Evidence as it goes out: always as a file to save, never something that a browser would show or run."""

import base64
from itertools import chain
from urllib.parse import quote

from starlette.responses import StreamingResponse

from csirt.bootstrap import Desk
from csirt.model.evidence import Evidence
from csirt.model.people import Actor
from csirt.response import evidence
from csirt.store.queries.evidence import piece


def give(desk: Desk, actor: Actor, id_: str) -> StreamingResponse:
    """The content of a piece, after the access was recorded. What turns out changed ends in a broken transfer.

    Raises:
        Forbidden, NotFound: also `evidence_erased`.
    """
    desk.commit(actor, evidence.access, id_)
    one = desk.look(piece, id_)
    content = desk.custody.read(one)
    first = next(content)  # what is wrong from the start is told as an error, not as a broken transfer
    return StreamingResponse(chain((first,), content), media_type="application/octet-stream", headers=_headers(one))


def _headers(one: Evidence) -> dict[str, str]:
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in one.name)
    name = f"filename=\"{plain or one.id}\"; filename*=UTF-8''{quote(one.name, safe='')}"  # RFC 6266
    digest = base64.b64encode(bytes.fromhex(one.sha256)).decode()
    return {
        "Content-Disposition": f"attachment; {name}",
        "Content-Length": str(one.size),
        "Repr-Digest": f"sha-256=:{digest}:",  # RFC 9530
    }
