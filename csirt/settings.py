"""One frozen Settings, read once at start: environment over `csirt.toml` in the data folder over defaults."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource


def default_data_folder() -> Path:
    """Where `./run` keeps its data unless told otherwise: `csirt` in the user's data home."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "csirt"


class Settings(BaseSettings):
    """All settings. Names in the environment carry the prefix `CSIRT_`; see `docs/reference/settings.md`."""

    model_config = SettingsConfigDict(env_prefix="CSIRT_", frozen=True, extra="forbid", hide_input_in_errors=True)

    data: Path = Field(default_factory=default_data_folder, description="The data folder.")
    database_url: str = Field(default="", description="PostgreSQL address; empty means SQLite in the data folder.")
    directory: Literal["ldif", "ldap"] = Field(default="ldif", description="Where people come from.")
    ldap_url: str = Field(default="", description="Directory servers, in order, separated by blanks.")
    ldap_base: str = Field(default="", description="The subtree that holds people, groups and posts.")
    ldap_bind_dn: str = Field(default="", description="The account that reads the directory.")
    ldap_bind_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    ldap_ca_file: Path | None = Field(default=None, description="The city's own certificate authority.")
    ldap_start_tls: bool = Field(default=False, description="StartTLS on ldap:// addresses.")
    ldap_shape: Literal["openldap", "ad"] = Field(
        default="openldap", description="Whose habits the directory has: OpenLDAP's or Active Directory's."
    )
    ldap_group_base: str = Field(
        default="", description="The only subtree whose groups give roles; empty: all of ldap_base."
    )
    ldap_account: str = Field(default="", description="Attribute with the account's name; empty: that of the shape.")
    ldap_group_class: str = Field(default="", description="Object class of groups; empty: that of the shape.")
    ldap_member: str = Field(default="", description="Attribute with a group's members; empty: that of the shape.")
    oidc_issuer: str = Field(
        default="", description="The city's identity provider (OpenID Connect); empty: sign-in by password only."
    )
    oidc_client_id: str = Field(default="", description="How the provider knows us.")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="Our secret with it.")
    oidc_uid_claim: str = Field(default="preferred_username", description="The claim with the account's name.")
    oidc_groups_claim: str = Field(
        default="",
        description="The claim with groups, which give roles by roles.toml; empty: the directory's groups do.",
    )
    oidc_ca_file: Path | None = Field(default=None, description="The authority that its certificate is from.")
    smtp_host: str = Field(default="", description="Mail server; empty means mails go into a folder.")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="Its port.")
    smtp_tls: Literal["none", "starttls", "implicit"] = Field(default="none", description="How it is secured.")
    smtp_ca_file: Path | None = Field(default=None, description="The authority of the mail server's certificate.")
    smtp_user: str = Field(default="", description="Account at the mail server, if it asks for one.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    mail_from: str = Field(default="csirt@city.example", description="Sender of our mails.")
    webhook_url: str = Field(default="", description="Where the webhook channel posts; empty switches it off.")
    webhook_secret: SecretStr = Field(default=SecretStr(""), description="Key of the webhook's signature.")
    webhook_hosts: tuple[str, ...] = Field(default=(), description="host:port pairs that a webhook may reach.")
    webhook_form: Literal["full", "chat"] = Field(
        default="full", description="What it posts: all facts or a chat text."
    )
    webhook_ca_file: Path | None = Field(default=None, description="The authority of the webhook's certificate.")
    apprise_allowed: tuple[str, ...] = Field(default=(), description="What Apprise may use: name or name:host.")
    watch_url: str = Field(default="", description="Told each minute that all is well; its host is in webhook_hosts.")
    watch_mail: str = Field(default="", description="Mail address that is told each minute that all is well.")
    host: str = Field(default="127.0.0.1", description="Address that the web page listens on.")
    port: int = Field(default=8765, ge=0, le=65535, description="Its port; 0 takes a free one.")
    unix_socket: Path | None = Field(
        default=None, description="Socket that the web page listens on instead, for a proxy on this machine."
    )
    tls_certificate: Path | None = Field(default=None, description="Own certificate (PEM, with its chain), for https.")
    tls_key: Path | None = Field(default=None, description="Its key (PEM, not encrypted).")
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="Addresses or networks of proxies whose X-Forwarded-For is believed."
    )
    base_url: str = Field(default="", description="Address of the page as people type it; empty: host and port.")
    reply_folder: Path | None = Field(default=None, description="Answers to our mails, as .eml files in this folder.")
    imap_host: str = Field(default="", description="Server of the mailbox with answers to our mails; empty: none.")
    imap_port: int = Field(default=993, ge=1, le=65535, description="Its port; the line is always TLS.")
    imap_user: str = Field(default="", description="Account of that mailbox.")
    imap_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    imap_folder: str = Field(default="INBOX", description="The folder in it that is read.")
    imap_ca_file: Path | None = Field(default=None, description="The authority that its certificate is from.")
    prefect_url: str = Field(default="", description="Prefect's API; empty means a child of our own.")
    signer_folder: Path | None = Field(
        default=None, description="The signer's own folder, with its key; empty: `signer` in the data folder."
    )
    signer_database_url: str = Field(
        default="", description="PostgreSQL address by which the signer reads, as a role that only reads; empty: as we."
    )
    checkpoint_folder: Path | None = Field(
        default=None, description="Where the signer publishes checkpoints; empty: `checkpoints` in the data folder."
    )
    anchor_folder: Path | None = Field(
        default=None, description="Where the daily checkpoint goes as note and sheet, such as a share of another host."
    )
    anchor_mails: tuple[str, ...] = Field(
        default=(), description="Who is mailed the daily checkpoint, such as the prefecture and the auditor."
    )
    anchor_tsa: str = Field(default="", description="Time-stamp authority (RFC 3161) for the daily checkpoint.")
    bundle_folder: Path | None = Field(
        default=None, description="Where the leaflet for the day of an outage is put daily; empty: nowhere."
    )
    witnesses: tuple[str, ...] = Field(
        default=(), description="Who cosigns checkpoints: `URL KEY`, the key as `csirt witness add` shows it."
    )
    evidence_folder: Path | None = Field(default=None, description="Folder of evidence; empty: in the data folder.")
    evidence_most_mib: int = Field(default=4096, ge=1, le=1_048_576, description="Largest piece of evidence, MiB.")
    evidence_check_days: int = Field(default=7, ge=1, le=366, description="Days until evidence is hashed again.")
    prefect_database_url: str = Field(
        default="", description="PostgreSQL address of our own child's database; empty means SQLite in the data folder."
    )
    passes_at_once: int = Field(
        default=4,
        ge=1,
        le=32,
        description="Playbooks that one worker drives side by side on PostgreSQL; SQLite takes one.",
    )
    playbooks: Path | None = Field(
        default=None, description="Folder of the city's own playbooks; empty: `playbooks` in the data folder."
    )
    log_target: Literal["file", "stdout", "syslog"] = Field(default="file", description="Where record lines go.")
    language: Literal["ja", "en"] = Field(default="ja", description="Language of mails and documents.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over environment over the file of the data folder."""
        arguments: dict[str, Any] = init_settings()
        folder = Path(arguments.get("data") or os.environ.get("CSIRT_DATA") or default_data_folder())
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, folder / "csirt.toml"))

    @property
    def reads_replies(self) -> bool:
        """Are answers to our mails read?"""
        return bool(self.reply_folder or self.imap_host)

    @property
    def keys(self) -> Path:
        """The folder of secrets, mode 0700."""
        return self.data / "keys"

    @property
    def signer(self) -> Path:
        """The signer's own folder, mode 0700."""
        return self.signer_folder or self.data / "signer"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints, readable for all."""
        return self.checkpoint_folder or self.data / "checkpoints"

    @property
    def evidence(self) -> Path:
        """The folder of evidence, mode 0700."""
        return self.evidence_folder or self.data / "evidence"

    @property
    def own_playbooks(self) -> Path:
        """The folder of the city's own playbooks; it need not be there."""
        return self.playbooks or self.data / "playbooks"

    @property
    def database(self) -> str:
        """The address of the domain database for SQLAlchemy."""
        return self.database_url or f"sqlite:///{self.data / 'csirt.sqlite'}"

    @property
    def side_by_side(self) -> int:
        """Passes that a worker drives at once: one wherever SQLite is written, where each would wait for the others."""
        prefect_on_sqlite = not self.prefect_url and not self.prefect_database_url
        return 1 if prefect_on_sqlite or not self.database_url else self.passes_at_once
