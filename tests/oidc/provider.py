"""A small OpenID provider on loopback: authlib's own server part behind the standard library's HTTP server.

Real where it matters: codes count once, PKCE and the client's secret are checked by authlib, tokens are signed. What a
test wants broken it names in `Lies`.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    JsonRequest,
    OAuth2Request,
    grants,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "csirt-desk", "a-secret-of-the-test"


@dataclass
class Lies:
    """What the provider does wrong. `claims` take the place of right ones; `alg` signs otherwise, or not at all."""

    claims: dict[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    issuer: str = ""  # what its description says
    other_key: bool = False
    hs_with_public_key: bool = False
    code: str = ""  # gives this code out instead of its own


class Client(ClientMixin):  # type: ignore[misc]
    """The only client there is."""

    def __init__(self, redirect: str) -> None:
        self.redirect = redirect

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.redirect

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    """A code that was given out, with what authlib asks of it."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    user: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes in memory; each is good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        self.server.codes[code] = Code(
            code, data["redirect_uri"], data["scope"], data.get("nonce", ""), request.user,
            data.get("code_challenge", ""), data.get("code_challenge_method", ""),
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        found: Code | None = self.server.codes.get(code)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        self.server.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: Code) -> str:
        self.server.current = authorization_code
        return authorization_code.user


class Request(OAuth2Request):  # type: ignore[misc]
    """A request of the standard library: its fields are parsed already."""

    def __init__(self, method: str, uri: str, fields: dict[str, str], headers: Mapping[str, str]) -> None:
        super().__init__(method, uri, headers=headers)
        self.payload = BasicOAuth2Payload(fields)

    @property
    def args(self) -> dict[str, str]:
        return self.form

    @property
    def form(self) -> dict[str, str]:
        fields: dict[str, str] = self.payload.data
        return fields


class Server(AuthorizationServer):  # type: ignore[misc]
    """authlib's server with requests of the standard library."""

    def __init__(self, provider: "OpenIdProvider", redirect: str) -> None:
        super().__init__(scopes_supported=["openid"])
        self.provider, self.client = provider, Client(redirect)
        self.codes: dict[str, Code] = {}
        self.current: Code | None = None
        self.register_token_generator(
            "default", BearerTokenGenerator(lambda *_a, **_k: "access-" + secrets.token_hex(8))
        )
        self.register_grant(CodeGrant, [CodeChallenge(required=True)])

    def query_client(self, client_id: str) -> Client | None:
        return self.client if client_id == CLIENT else None

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        assert self.current is not None
        token["id_token"] = self.provider.id_token(self.current)

    def send_signal(self, *_args: Any, **_named: Any) -> None:
        return None

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return Request(*request)

    def create_json_request(self, request: Any) -> JsonRequest:
        return JsonRequest(request[0], request[1], headers=request[3])

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, Any]:
        return status, body, headers


class OpenIdProvider:
    """Its address, who signs in there next, and what it gets wrong."""

    def __init__(self, address: str, redirect: str) -> None:
        self.issuer = address
        self.user, self.groups = "k.sato", ["csirt-officer"]
        self.auth_time = 0  # a test sets both by its clock
        self.now = 0
        self.lies = Lies()
        self.key, self.strange = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
        self.server = Server(self, redirect)
        self.asked: list[str] = []

    def id_token(self, code: Code) -> str:
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "s-1", "exp": self.now + 300, "iat": self.now,
            "auth_time": self.auth_time, "nonce": code.nonce, "preferred_username": code.user, "groups": self.groups,
        } | self.lies.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.lies.alg == "none":
            return _unsigned(claims)
        if self.lies.hs_with_public_key:
            return _by_public_key(claims, self.key)
        key = self.strange if self.lies.other_key else self.key
        return jwt.encode({"alg": self.lies.alg, "kid": self.key.thumbprint()}, claims, key)

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.lies.issuer or self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
        }  # fmt: skip

    def keys(self) -> dict[str, Any]:
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.key.thumbprint(), "use": "sig"}]}


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(claims: Mapping[str, Any]) -> str:
    return f"{_b64(json.dumps({'alg': 'none'}).encode())}.{_b64(json.dumps(claims).encode())}."


def _by_public_key(claims: Mapping[str, Any], key: RSAKey) -> str:
    """The old trick: the public key taken for a shared secret."""
    head = _b64(json.dumps({"alg": "HS256", "kid": key.thumbprint()}).encode())
    signed = f"{head}.{_b64(json.dumps(claims).encode())}"
    return f"{signed}.{_b64(hmac.new(key.as_pem(private=False), signed.encode(), hashlib.sha256).digest())}"


class _Handler(BaseHTTPRequestHandler):
    provider: OpenIdProvider

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path, provider = urlsplit(self.path), self.provider
        provider.asked.append(path.path)
        if path.path == "/.well-known/openid-configuration":
            self._say(200, json.dumps(provider.description()).encode())
        elif path.path == "/keys":
            self._say(200, json.dumps(provider.keys()).encode())
        elif path.path == "/authorize":
            body = {name: values[0] for name, values in parse_qs(path.query).items()}
            request = ("GET", f"{provider.issuer}{self.path}", body, dict(self.headers))
            grant = provider.server.get_authorization_grant(provider.server.create_oauth2_request(request))
            _, _, headers = provider.server.create_authorization_response(request, provider.user, grant)
            self._say(302, b"", dict(headers))
        else:
            self._say(404, b"{}")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        body = {name: values[0] for name, values in parse_qs(raw).items()}
        request = ("POST", f"{self.provider.issuer}{self.path}", body, dict(self.headers))
        status, told, _ = self.provider.server.create_token_response(request)
        self._say(status, json.dumps(told).encode())

    def _say(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running(redirect: str) -> Iterator[OpenIdProvider]:
    """A provider on a free port of loopback."""
    handler = type("Handler", (_Handler,), {})
    door = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    provider = OpenIdProvider(f"http://127.0.0.1:{door.server_address[1]}", redirect)
    handler.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=door.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        door.shutdown()
        door.server_close()
        thread.join()


__all__ = ["CLIENT", "SECRET", "Lies", "OpenIdProvider", "running"]
