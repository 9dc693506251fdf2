"""Signing in on the page of the city's own identity provider: OpenID Connect, authorization code with PKCE.

What is checked: the issuer, which is pinned by the setting and never taken from an answer; `state` (it is our request),
`nonce` (it is our token), the code's verifier; of the token its signature, by an algorithm of ours, its issuer,
audience, authorised party, time and nonce (OpenID Connect Core 1.0, 3.1.3.7; RFC 7636, RFC 9207, RFC 9700). Nothing but
the provider is asked: no network beyond the city's. Needs the extra `oidc`, so it is imported only where it is set up.
"""

import json
import secrets
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from csirt.clock import Clock
from csirt.errors import DirectoryUnavailable, Invalid, NotSignedIn

ALGORITHMS = ["RS256", "PS256", "ES256"]  # never `none`, and none whose key the client knows
SECONDS = 2.5  # for each question to the provider
KEPT = 600.0  # seconds that its description and keys are believed
MOST = 256 * 1024  # bytes of an answer
LEEWAY = 60  # seconds by which its clock may differ
AGAIN = 300  # seconds: so fresh must a proof be that was asked for again
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class OidcClient:
    """How we are known to the provider. `uid_claim` holds the account's name, `groups_claim` the groups, or is empty.

    Raises:
        Invalid: `oidc_issuer_malformed`, `oidc_client_missing`.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    uid_claim: str = "preferred_username"
    groups_claim: str = ""
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what would be unsafe or could never work."""
        if not is_safe(self.issuer):
            raise Invalid("oidc_issuer_malformed")
        if not self.client_id or not self.client_secret:
            raise Invalid("oidc_client_missing")


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where to go, and what only the browser that began it knows."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of somebody. `groups` is None where it says nothing of them."""

    uid: str
    groups: tuple[str, ...] | None


def is_safe(url: str) -> bool:
    """https, or this very machine."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and not parts.query and not parts.fragment and (parts.scheme == "https" or here)


class Provider:
    """The city's identity provider."""

    def __init__(self, client: OidcClient, clock: Clock) -> None:
        """Nothing is asked yet."""
        self.client = client
        self._clock = clock
        self._http = httpx.Client(
            verify=_trust(client.ca_file), timeout=SECONDS, follow_redirects=False, trust_env=False
        )
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def begin(self, redirect: str, *, again: bool = False) -> Begun:
        """Where to send a browser. `again`: somebody signed in has to prove who they are.

        Raises `DirectoryUnavailable`.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code", "client_id": self.client.client_id, "redirect_uri": redirect, "scope": "openid",
            "state": state, "nonce": nonce, "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }  # fmt: skip
        if again:
            asked |= {"prompt": "login", "max_age": "0"}
        return Begun(f"{self._endpoint('authorization_endpoint')}?{urlencode(asked)}", state, nonce, verifier)

    def begun(self, state: str, nonce: str, verifier: str) -> Begun:
        """A sign-in that a browser kept, once it is back."""
        return Begun("", state, nonce, verifier)

    def finish(self, begun: Begun, code: str, redirect: str, *, again: bool = False) -> Claims:
        """Who it is, once the browser came back with a code.

        Raises:
            NotSignedIn: `oidc_refused`: the provider takes the code for none of ours, or its token does not hold.
            DirectoryUnavailable: it does not answer.
        """
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect,
                 "code_verifier": begun.verifier}  # fmt: skip
        own = (self.client.client_id, self.client.client_secret)
        answer = self._ask("POST", self._endpoint("token_endpoint"), data=given, auth=own)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotSignedIn("oidc_refused")
        claims = self._checked(token, begun.nonce)
        if again and not isinstance(claims.get("auth_time"), int):
            raise NotSignedIn("oidc_refused")
        if again and self._clock.now().timestamp() - claims["auth_time"] > AGAIN:
            raise NotSignedIn("oidc_refused")
        return self._claims(claims)

    def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        rules = jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()), leeway=LEEWAY,
            iss={"essential": True, "value": self.client.issuer},
            aud={"essential": True, "value": self.client.client_id},
            exp={"essential": True}, iat={"essential": True}, sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )  # fmt: skip
        try:
            try:
                claims = jwt.decode(token, self._keys(), algorithms=ALGORITHMS).claims
            except (JoseError, ValueError):  # it may have new keys
                self._forget("keys")
                claims = jwt.decode(token, self._keys(), algorithms=ALGORITHMS).claims
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            raise NotSignedIn("oidc_refused") from error
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self.client.client_id) != self.client.client_id or audience != [self.client.client_id]:
            raise NotSignedIn("oidc_refused")  # a token that is meant for others, too, is not for us
        return claims

    def _claims(self, claims: Mapping[str, Any]) -> Claims:
        uid, groups = claims.get(self.client.uid_claim), claims.get(self.client.groups_claim)
        if not isinstance(uid, str) or not uid:
            raise NotSignedIn("oidc_refused")
        if not self.client.groups_claim:
            return Claims(uid, None)
        names = groups if isinstance(groups, list) else [groups] if isinstance(groups, str) else []
        return Claims(uid, tuple(one for one in names if isinstance(one, str)))

    def _endpoint(self, name: str) -> str:
        """An address of the provider, from its description, which must be that of the pinned issuer."""
        described = self._kept_or("description", f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration")
        found = described.get(name)
        if described.get("issuer") != self.client.issuer or not isinstance(found, str) or not is_safe(found):
            raise DirectoryUnavailable("oidc_misdescribed", permanent=True)
        return found

    def _keys(self) -> KeySet:
        return KeySet.import_key_set(self._kept_or("keys", self._endpoint("jwks_uri")))

    def _kept_or(self, name: str, url: str) -> Any:
        with self._lock:
            at, value = self._kept.get(name, (-KEPT, None))
        if time.monotonic() - at > KEPT:
            value = self._ask("GET", url)
            with self._lock:
                self._kept[name] = (time.monotonic(), value)
        return value

    def _forget(self, name: str) -> None:
        with self._lock:
            self._kept.pop(name, None)

    def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            with self._http.stream(method, url, **more) as answer:
                raw = b""
                for part in answer.iter_bytes():
                    raw += part
                    if len(raw) > MOST:
                        raise DirectoryUnavailable("oidc_unreachable")
            told = json.loads(raw)
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise DirectoryUnavailable("oidc_unreachable", reason=type(error).__name__) from None
        if answer.status_code in {400, 401, 403}:
            raise NotSignedIn("oidc_refused")
        if answer.status_code != 200 or not isinstance(told, dict):
            raise DirectoryUnavailable("oidc_unreachable", reason=str(answer.status_code))
        return told


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise Invalid("ca_file_unreadable") from error
