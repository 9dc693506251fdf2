"""Which channels and which renderer the settings ask for, out of the wing `notifications`."""

import json

from csirt.clock import Clock
from csirt.model.ports import Channel, Renderer
from csirt.settings import Settings
from notifications.addresses import addresses_from
from notifications.drill import DrillGate
from notifications.folder import FolderChannel
from notifications.mail import MailChannel
from notifications.render import TemplateRenderer

MAILS = ("mail", "lgwan-mail")


def channels(settings: Settings, clock: Clock) -> dict[str, Channel]:
    """Every channel by the name that chains use, each behind the gate that keeps drills in the house.

    Without a mail server, mails go into a folder.
    """
    found: dict[str, Channel] = {}
    for name in MAILS:
        found[name] = _mail(settings, name)
    if settings.webhook_url:
        found["webhook"] = _webhook(settings, "webhook", settings.webhook_url, clock)
    if addresses := addresses_from(settings.keys / "apprise.toml"):
        from notifications.apprise import AppriseChannel  # lazy: it reads the files of a hundred services

        found["apprise"] = AppriseChannel("apprise", addresses, settings.apprise_allowed)
    return {name: DrillGate(channel, settings.data / "drill", settings.mail_from) for name, channel in found.items()}


def watch_channels(settings: Settings, clock: Clock) -> list[tuple[Channel, str]]:
    """Who outside is told each minute that all is well: each with the address there. Empty: nobody."""
    found: list[tuple[Channel, str]] = []
    if settings.watch_mail:
        found.append((_mail(settings, "mail"), settings.watch_mail))
    if settings.watch_url:
        found.append((_webhook(settings, "watch", settings.watch_url, clock), ""))
    return found


def _webhook(settings: Settings, name: str, url: str, clock: Clock) -> Channel:
    from notifications.webhook import CHAT_BODY, WebhookChannel  # lazy: an HTTP client that most cities do not use

    body = json.loads(CHAT_BODY.read_text("utf-8")) if settings.webhook_form == "chat" and name == "webhook" else None
    return WebhookChannel(
        name, url, secret=settings.webhook_secret.get_secret_value(), allowed=settings.webhook_hosts, clock=clock,
        body=body, ca_file=settings.webhook_ca_file,
    )  # fmt: skip


def _mail(settings: Settings, name: str) -> Channel:
    if not settings.smtp_host:
        return FolderChannel(name, settings.data / "mail" / name, sender=settings.mail_from)
    return MailChannel(
        name, settings.smtp_host, settings.smtp_port, sender=settings.mail_from, tls=settings.smtp_tls,
        user=settings.smtp_user, password=settings.smtp_password.get_secret_value(), ca_file=settings.smtp_ca_file,
    )  # fmt: skip


def renderer() -> Renderer:
    """The renderer of mails and call sheets."""
    return TemplateRenderer()
