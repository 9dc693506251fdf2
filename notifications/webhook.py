"""Messages as signed JSON to a chat or to another system of the city.

The address must be on an allow-list of host and port; its name is resolved once and that very address is connected
to, so that a name which changes its mind (DNS rebinding) gains nothing; redirects are not followed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from string import Template

import httpx

from csirt.clock import Clock
from csirt.errors import DeliveryFailed, Invalid
from csirt.model.message import Message, Receipt
from csirt.model.step import Json
from csirt.outbound import DeadlinePassed, NotAllowed, addresses_of, trust, within

CHAT_BODY = Path(__file__).parent / "templates" / "chat.json"
_RETRY_HELPS = frozenset({408, 425, 429})  # with every 5xx: RFC 9110 15.5.9, RFC 8470, RFC 6585
_DEFAULT_PORTS = {"http": 80, "https": 443}


class WebhookChannel:
    """The port `Channel` over one web address.

    `secret` signs; `allowed` holds `host:port` pairs. `body` is a JSON template in whose strings `$id`, `$subject`,
    `$body`, `$party`, `$language` and `$NAME` of every fact are replaced; None sends everything as one object.

    Raises:
        Invalid: `webhook_url_malformed`, `webhook_not_allowed`, `ca_file_unreadable`.
    """

    takes_bundles = False

    def __init__(
        self,
        name: str,
        url: str,
        *,
        secret: str,
        allowed: Sequence[str],
        clock: Clock,
        body: Json = None,
        ca_file: Path | None = None,
        deadline: float = 10.0,
    ) -> None:
        self.name = name
        self._url = _checked(url, allowed)
        self._port = self._url.port or _DEFAULT_PORTS[self._url.scheme]
        self._secret = secret.encode()
        self._clock = clock
        self._body = body
        self._deadline = deadline
        self._context = trust(ca_file)

    def send(self, message: Message) -> Receipt:
        """Post the message; 2xx means taken. The receiver knows a repeat by `Idempotency-Key`.

        Raises:
            DeliveryFailed: `webhook_refused` (`reply` is the status), `webhook_redirected`, `webhook_unreachable`,
                `webhook_not_allowed` (the name leads where no webhook may go), `webhook_outcome_unknown`.
        """
        content = json.dumps(self._content(message), ensure_ascii=True).encode("ascii")
        client = httpx.Client(
            timeout=self._deadline, verify=self._context, trust_env=False, follow_redirects=False, http2=False
        )
        try:
            status = within(self._deadline, lambda: self._post(client, message.id, content), lambda: _close(client))
        except (DeadlinePassed, httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError):
            # The request may have arrived whole: sent again it carries the same key.
            raise DeliveryFailed("webhook_outcome_unknown", reply="unknown", is_down=True) from None
        except (httpx.HTTPError, OSError) as error:
            raise DeliveryFailed("webhook_unreachable", reply="unreachable", is_down=True) from error
        finally:
            _close(client)
        return _receipt(status, message)

    def _content(self, message: Message) -> Json:
        if self._body is None:
            return {
                "id": message.id,
                "template": message.template,
                "language": message.language,
                "party": message.recipient.party,
                "subject": message.subject,
                "body": message.body,
                "at": message.at.isoformat(),
                "facts": dict(message.facts),
                "repeat": message.repeat,
                "drill": message.drill,
            }
        words = {
            **message.facts,
            "id": message.id,
            "subject": message.subject,
            "body": message.body,
            "party": message.recipient.party,
            "language": message.language,
        }
        return _filled(self._body, words)

    def _post(self, client: httpx.Client, key: str, content: bytes) -> int:
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Host": self._url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": "csirt-desk",
            "Idempotency-Key": hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest(),
            "X-Csirt-Timestamp": stamp,
            "X-Csirt-Signature": signature(self._secret, stamp, content),
        }
        host = self._url.raw_host.decode("ascii")
        *spare, last = _resolved(host, self._port)
        for address in spare:
            with suppress(httpx.ConnectError):
                return self._post_to(client, address, content, headers)
        return self._post_to(client, last, content, headers)

    def _post_to(self, client: httpx.Client, address: str, content: bytes, headers: Mapping[str, str]) -> int:
        request = client.build_request(
            "POST",
            self._url.copy_with(host=address, port=self._port),
            content=content,
            headers=headers,
            # The certificate is checked against the name, not against the address.
            extensions={"sni_hostname": self._url.raw_host.decode("ascii")},
        )
        response = client.send(request, stream=True)  # the body is not read: it could be endless
        response.close()
        return response.status_code


def signature(secret: bytes, stamp: str, content: bytes) -> str:
    """`v1=` and the HMAC-SHA256 (RFC 2104) in hex of the time stamp, a dot and the body."""
    return "v1=" + hmac.new(secret, stamp.encode("ascii") + b"." + content, hashlib.sha256).hexdigest()


def _checked(text: str, allowed: Sequence[str]) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as broken:
        raise Invalid("webhook_url_malformed") from broken
    if url.scheme not in _DEFAULT_PORTS or not url.host or url.userinfo or url.fragment:
        raise Invalid("webhook_url_malformed")
    host = url.raw_host.decode("ascii")
    pair = f"{f'[{host}]' if ':' in host else host}:{url.port or _DEFAULT_PORTS[url.scheme]}"
    if pair.casefold() not in {entry.strip().casefold() for entry in allowed}:
        raise Invalid("webhook_not_allowed")
    return url


def _resolved(host: str, port: int) -> list[str]:
    try:
        return addresses_of(host, port)
    except NotAllowed:
        raise DeliveryFailed("webhook_not_allowed", permanent=True, reply="address") from None


def _filled(template: Json, words: Mapping[str, str]) -> Json:
    """The template with its strings filled in; its shape stays, whatever the words hold."""
    if isinstance(template, str):
        return Template(template).safe_substitute(words)
    if isinstance(template, list):
        return [_filled(entry, words) for entry in template]
    if isinstance(template, dict):
        return {name: _filled(entry, words) for name, entry in template.items()}
    return template


def _receipt(status: int, message: Message) -> Receipt:
    if 200 <= status < 300:
        return Receipt(str(status), message.id)
    if 300 <= status < 400:
        raise DeliveryFailed("webhook_redirected", permanent=True, reply=str(status))
    permanent = status < 500 and status not in _RETRY_HELPS
    raise DeliveryFailed("webhook_refused", permanent=permanent, reply=str(status), is_down=status >= 500)


def _close(client: httpx.Client) -> None:
    """Close it, also from under a request that hangs on another thread."""
    with suppress(OSError, RuntimeError):
        client.close()
