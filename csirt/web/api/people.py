"""Posts and who holds them today."""

from fastapi import APIRouter

from csirt.model.people import Post
from csirt.web.addresses import API
from csirt.web.api.shapes import PostGiven
from csirt.web.session import IncidentReader, Visit

router = APIRouter(prefix=f"{API}/people", tags=["people"])


@router.get("/posts")
def list_posts(reader: IncidentReader) -> list[PostGiven]:
    """Every post with its holder, or the deputy who acts while it is vacant."""
    return [_post(reader, post) for _, post in sorted(reader.known.posts.items())]


def _post(visit: Visit, post: Post) -> PostGiven:
    acting = next((one for one in post.acting_order if one in visit.known.people), None)
    return PostGiven(
        id=post.id,
        name_ja=post.name_ja,
        name_en=post.name_en,
        holder=acting,
        holder_name=visit.known.people[acting].name if acting else None,
    )
