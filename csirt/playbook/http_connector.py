"""Signed orders over HTTPS to one allow-listed system, such as the prefecture's security cloud or an EDR."""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from contextlib import suppress

import httpx
import orjson

from csirt.clock import Clock
from csirt.errors import Invalid, Unavailable
from csirt.model.order import Done, Order
from csirt.model.step import Json
from csirt.outbound import DeadlinePassed, NotAllowed, addresses_of, is_loopback, trust, within
from csirt.playbook.systems import System

REPLY_MOST = 64 * 1024  # bytes of an answer that are read and kept
_RETRY_HELPS = frozenset({408, 425, 429})  # with every 5xx: RFC 9110 15.5.9, RFC 8470, RFC 6585
_PORTS = {"http": 80, "https": 443}
_MASKED = "[masked:secret]"


class HttpConnector:
    """Posts an order as JSON. The receiver knows a repeat by `Idempotency-Key`.

    With `auth = "hmac"` (the default) the header `X-Csirt-Signature` holds `v1=` and the HMAC-SHA256 in hex of
    method, path, time stamp, idempotency key and SHA-256 of the body, each on a line; with `auth = "bearer"` the
    secret goes along as a token. The name is resolved once and that very address connected to; redirects are not
    followed; an answer is read up to 64 KiB.

    Raises:
        Invalid: `system_malformed`, `system_not_allowed`, `system_not_encrypted`, `ca_file_unreadable`.
    """

    def __init__(self, system: System, hosts: Collection[str], clock: Clock) -> None:
        self.name = system.name
        self._system = system
        self._clock = clock
        self._secret = system.secret_or_refuse()
        self._auth = system.text("auth", "hmac")
        if self._auth not in {"hmac", "bearer"}:
            raise system.wrong("auth")
        self._url = _checked(system, hosts)
        self._port = self._url.port or _PORTS[self._url.scheme]
        self._networks = system.networks()
        self._paths = {kind: _path(system, value) for kind, value in system.table("paths").items()}
        self._check = _path(system, system.options.get("check", self._url.path))
        self._context = trust(system.path("ca_file"))

    def act(self, order: Order) -> Done:
        """Post an order; 2xx means taken.

        Raises:
            Unavailable: `system_refused`, `system_redirected`, `system_unreachable`, `system_outcome_unknown`,
                `system_not_allowed`, `secret_missing`.
        """
        content = {
            "order": order.kind.value, "targets": list(order.targets), "incident": order.incident, "key": order.key,
            "reason": order.reason,
        }  # fmt: skip
        body = json.dumps(content, ensure_ascii=True).encode("ascii")
        path = self._paths.get(order.kind.value, self._url.path)
        status, reply = self._speak("POST", path, order.key, body)
        return Done(str(status), reply)

    def check(self) -> str:
        """Ask for the path `check` with GET, signed as orders are. Raises as `act`."""
        status, _ = self._speak("GET", self._check, f"check:{self.name}", b"")
        return f"http_{status}"

    def _speak(self, method: str, path: str, key: str, body: bytes) -> tuple[int, Json]:
        secret = self._secret.read()
        headers = self._headers(method, path, key, body, secret)
        client = httpx.Client(
            timeout=self._system.timeout, verify=self._context, trust_env=False, follow_redirects=False, http2=False
        )
        try:
            status, raw = within(
                self._system.timeout,
                lambda: self._anywhere(client, method, path, headers, body),
                lambda: _close(client),
            )
        except (DeadlinePassed, httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError):
            # The request may have arrived whole: sent again it carries the same key.
            raise Unavailable("system_outcome_unknown", system=self.name) from None
        except NotAllowed:
            raise Unavailable("system_not_allowed", permanent=True, system=self.name) from None
        except (httpx.HTTPError, OSError):
            raise Unavailable("system_unreachable", system=self.name) from None
        finally:
            _close(client)
        self._judge(status)
        return status, _kept(raw, secret)

    def _headers(self, method: str, path: str, key: str, body: bytes, secret: bytes) -> dict[str, str]:
        sent_key = hashlib.sha256(key.encode()).hexdigest()
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Host": self._url.netloc.decode("ascii"), "Content-Type": "application/json", "User-Agent": "csirt-desk",
            "Accept-Encoding": "identity", "Idempotency-Key": sent_key,
        }  # fmt: skip
        if self._auth == "bearer":
            return headers | {"Authorization": f"Bearer {secret.decode('ascii', 'replace')}"}
        signed = signature(secret, method, path, stamp, sent_key, body)
        return headers | {"X-Csirt-Timestamp": stamp, "X-Csirt-Signature": signed}

    def _anywhere(
        self, client: httpx.Client, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """The first address that takes the connection."""
        *spare, last = addresses_of(self._url.raw_host.decode("ascii"), self._port, self._networks)
        for address in spare:
            with suppress(httpx.ConnectError):
                return self._at(client, address, method, path, headers, body)
        return self._at(client, last, method, path, headers, body)

    def _at(
        self, client: httpx.Client, address: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        request = client.build_request(
            method,
            self._url.copy_with(host=address, port=self._port, raw_path=path.encode("ascii")),
            content=body,
            headers=headers,
            # The certificate is checked against the name, not against the address.
            extensions={"sni_hostname": self._url.raw_host.decode("ascii")},
        )
        response = client.send(request, stream=True)
        try:
            read = bytearray()
            for some in response.iter_raw(4096):
                read += some
                if len(read) >= REPLY_MOST:
                    break
            return response.status_code, bytes(read[:REPLY_MOST])
        finally:
            response.close()

    def _judge(self, status: int) -> None:
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise Unavailable("system_redirected", permanent=True, system=self.name, reply=status)
        permanent = status < 500 and status not in _RETRY_HELPS
        raise Unavailable("system_refused", permanent=permanent, system=self.name, reply=status)


def signature(secret: bytes, method: str, path: str, stamp: str, key: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256 (RFC 2104) in hex of what makes this request this request."""
    signed = "\n".join((method, path, stamp, key, hashlib.sha256(body).hexdigest()))
    return "v1=" + hmac.new(secret, signed.encode("ascii"), hashlib.sha256).hexdigest()


def _checked(system: System, hosts: Collection[str]) -> httpx.URL:
    try:
        url = httpx.URL(system.text("url"))
    except (httpx.InvalidURL, ValueError):
        raise system.wrong("url") from None
    if url.scheme not in _PORTS or not url.host or url.userinfo or url.fragment or url.query:
        raise system.wrong("url")
    host = url.raw_host.decode("ascii")
    pair = f"{f'[{host}]' if ':' in host else host}:{url.port or _PORTS[url.scheme]}"
    if pair.casefold() not in hosts:
        raise Invalid("system_not_allowed", system=system.name)
    if url.scheme == "http" and not is_loopback(host):
        raise Invalid("system_not_encrypted", system=system.name)
    return url


def _path(system: System, value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/") or not value.isascii() or not value.isprintable():
        raise system.wrong("paths")
    return value.replace(" ", "%20")


def _kept(raw: bytes, secret: bytes) -> Json:
    """An answer as it is kept: without our secret, should the system have sent it back."""
    clean = raw.replace(secret, _MASKED.encode())
    try:
        found: Json = orjson.loads(clean)
        json.dumps(found)  # orjson reads deeper than what records it writes
    except (orjson.JSONDecodeError, RecursionError):
        return clean.decode("utf-8", "replace") or None
    return found


def _close(client: httpx.Client) -> None:
    """Close it, also from under a request that hangs on another thread."""
    with suppress(OSError, RuntimeError):
        client.close()
