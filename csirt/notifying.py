"""Which channels and which renderer the settings ask for, out of the wing `notifications`."""

from csirt.clock import Clock
from csirt.model.ports import Channel, Renderer
from csirt.settings import Settings
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
        from notifications.webhook import WebhookChannel  # lazy: brings an HTTP client that most cities do not use

        found["webhook"] = WebhookChannel(
            "webhook",
            settings.webhook_url,
            secret=settings.webhook_secret.get_secret_value(),
            allowed=settings.webhook_hosts,
            clock=clock,
        )
    return {name: DrillGate(channel, settings.data / "drill", settings.mail_from) for name, channel in found.items()}


def _mail(settings: Settings, name: str) -> Channel:
    if not settings.smtp_host:
        return FolderChannel(name, settings.data / "mail" / name, sender=settings.mail_from)
    return MailChannel(
        name, settings.smtp_host, settings.smtp_port, sender=settings.mail_from, tls=settings.smtp_tls,
        user=settings.smtp_user, password=settings.smtp_password.get_secret_value(),
    )  # fmt: skip


def renderer() -> Renderer:
    """The renderer of mails and call sheets."""
    return TemplateRenderer()
