"""Which language a reader gets: `?lang=`, else what their session keeps, else what their browser asks for."""

from fastapi import Request

from csirt.texts.catalogs import LANGUAGES


def asked_language(request: Request) -> str | None:
    """The language that `?lang=` names, if we have it."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else None


def language_of(request: Request, kept: str | None = None) -> str:
    """The reader's language; Japanese if nothing says otherwise. `kept` is what their session holds."""
    if found := asked_language(request) or (kept if kept in LANGUAGES else None):
        return found
    return _accepted(request.headers.get("accept-language", "")) or LANGUAGES[0]


def _accepted(header: str) -> str | None:
    """The first of our languages in an Accept-Language header (RFC 9110, section 12.5.4), by weight."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:200].split(",")):
        tag, _, parameters = part.strip().partition(";")
        language = tag.split("-")[0].strip().lower()
        weight = _weight(parameters)
        if language in LANGUAGES and weight > 0:
            weighed.append((-weight, place, language))
    return min(weighed)[2] if weighed else None


def _weight(parameters: str) -> float:
    try:
        return float(parameters.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0
