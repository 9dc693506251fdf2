"""Wires everything: settings, the data folder and the wings become a `Desk`."""

import base64
import hmac
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from csirt import founding, notifying
from csirt.bell import Bell
from csirt.clock import Clock, SystemClock
from csirt.directory.attributes import dn_key
from csirt.directory.ldap import LdapDirectory, LdapServer
from csirt.directory.ldif import LdifDirectory
from csirt.directory.roles import read_roles
from csirt.directory.schema import schema_of
from csirt.errors import CsirtError, Unavailable
from csirt.model.city import City
from csirt.model.duty import step_of
from csirt.model.incident import IncidentType
from csirt.model.people import Actor, Role
from csirt.model.ports import Channel, Renderer
from csirt.playbook.acting import Hands
from csirt.playbook.checking import load_published
from csirt.playbook.connectors import Systems
from csirt.playbook.editions import TEXTS, read_published
from csirt.playbook.language import Action, Playbook
from csirt.playbook.systems import FILE, read_systems
from csirt.response.custody import Custody
from csirt.response.door import Door, follow
from csirt.settings import Settings
from csirt.store.database import Database
from csirt.store.evidence_files import EvidenceFiles
from csirt.store.key_ring import KeyRing
from csirt.store.migrate import migrate
from csirt.store.secret_files import load_or_make_key
from csirt.store.tx import Look, Tx
from csirt.store.vault import Vault
from csirt.texts.steps import StepTexts, read_step_texts
from csirt.wording import Wording

if TYPE_CHECKING:
    from csirt.directory.oidc import Provider  # needs the extra `oidc`

P = ParamSpec("P")
T = TypeVar("T")
People = LdifDirectory | LdapDirectory
SHIPPED = Path(importlib.import_module("playbooks").__path__[0])


@dataclass(frozen=True)
class Desk:
    """Everything wired. Processes hold one each; `commit` is the only way to write."""

    settings: Settings
    door: Door
    directory: People
    channels: Mapping[str, Channel]
    renderer: Renderer
    wording: Wording
    texts: StepTexts
    playbooks: Mapping[tuple[str, int], Playbook]
    actions: Mapping[str, Action]
    hands: Hands
    custody: Custody
    bell: Bell
    provider: "Provider | None" = None  # the city's identity provider, where people may sign in on its page
    left_out: tuple[CsirtError, ...] = ()  # why playbooks of the city itself were not loaded

    @property
    def clock(self) -> Clock:
        """The clock that stamps commits."""
        return self.door.clock

    def commit(self, actor: Actor, use_case: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case as `actor`; see `Database.commit`."""
        return self.door.commit(actor, use_case, *args, **kwargs)

    def seen_by(self, actor: Actor, *, automatic: bool = False) -> "Desk":
        """The same desk, showing only what this actor may see. Every desk that answers to somebody is one of these."""
        return replace(self, door=self.door.seen_by(actor, automatic=automatic))

    def read(self) -> AbstractContextManager[Session]:
        """A session that only reads."""
        return self.door.read()

    def look(self, question: Callable[Concatenate[Look, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask a question that only reads."""
        return self.door.look(question, *args, **kwargs)

    def roles_of(self, groups: Iterable[str]) -> frozenset[Role]:
        """What these groups give, by the same file as groups of the directory."""
        grants = read_roles(self.settings.data / "roles.toml")
        given = (grants.of([name], dn_key(name)) for name in groups)
        return frozenset(grant.role for grant in given if grant)

    def prefect_url(self) -> str:
        """Prefect's API: as set, or that of the child beside us; empty when there is none."""
        if self.settings.prefect_url:
            return self.settings.prefect_url
        note = self.settings.data / "run" / "prefect.url"
        return note.read_text().strip() if note.exists() else ""

    def close(self) -> None:
        """Give connections back."""
        self.door.database.close()
        self.bell.close()


def wire(settings: Settings, source: str, clock: Clock | None = None) -> Desk:
    """The desk of a data folder; brings its database up to date. `source` says which process this is.

    Raises:
        NotFound: the folder holds no city.
        Invalid: one of its files cannot be understood.
        Unavailable: the database does not answer.
    """
    shipped = load_playbooks()
    own = load_published(settings.own_playbooks, read_published(settings.own_playbooks), shipped)
    playbooks = {**shipped, **own.playbooks}
    newest = {play.handles: (play.name, play.version) for play in sorted(playbooks.values(), key=lambda p: p.version)}
    base_url = settings.base_url or f"http://{settings.host}:{settings.port}"
    city = founding.load(settings.data, newest, base_url)
    clock = clock or SystemClock()
    channels = notifying.channels(settings, clock)
    outside = read_systems(settings.data / FILE)
    systems = Systems.of(outside, clock=clock, channels=channels, data=settings.data)
    vault = Vault(load_or_make_key(settings.keys / "vault.key"), KeyRing(settings.keys))
    migrate(settings.database)
    bell = Bell(settings.data)
    door = Door(Database(settings.database, vault, clock, source, bell.ring, follow=follow), city)
    texts = read_step_texts(SHIPPED / TEXTS, settings.own_playbooks / TEXTS)
    texts = replace(texts, titles={step_of(rule.id): {"ja": rule.ja, "en": rule.en} for rule in city.law.rules})
    return Desk(
        settings=settings,
        door=door,
        directory=_directory(settings, clock),
        channels=channels,
        renderer=notifying.renderer(),
        wording=_wording(settings, city, texts, newest, base_url),
        texts=texts,
        playbooks=playbooks,
        actions=load_actions(),
        hands=Hands(door, settings.data / "tickets", systems),
        custody=_custody(settings, door),
        bell=bell,
        provider=_provider(settings, clock),
        left_out=own.faults,
    )


def _wording(
    settings: Settings, city: City, texts: StepTexts, newest: Mapping[IncidentType, tuple[str, int]], base_url: str
) -> Wording:
    names = {type_.value: name for type_, (name, _) in newest.items()}
    return Wording(city, texts, names, base_url, ack_url=settings.base_url, replies=settings.reads_replies)


def _wing(package: str) -> list[ModuleType]:
    """Every module of a wing, by name."""
    root = importlib.import_module(package)
    return [importlib.import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(root.__path__)]


def load_playbooks() -> dict[tuple[str, int], Playbook]:
    """All playbooks by name and version, older editions too. Imports no Prefect."""
    modules = [*_wing("playbooks"), *_wing("playbooks.editions")]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Playbook)]
    return {(play.name, play.version): play for play in found}


def load_actions() -> dict[str, Action]:
    """All actions by name."""
    found = [value for module in _wing("playbooks") for value in vars(module).values() if isinstance(value, Action)]
    return {action.name: action for action in found}


def _custody(settings: Settings, door: Door) -> Custody:
    files = EvidenceFiles(settings.evidence, settings.evidence_most_mib * 1024 * 1024)
    return Custody(door, files, timedelta(days=settings.evidence_check_days))


def _provider(settings: Settings, clock: Clock) -> "Provider | None":
    """The identity provider of the settings. Raises `Unavailable` where the extra `oidc` is not installed."""
    if not settings.oidc_issuer:
        return None
    try:
        oidc = importlib.import_module("csirt.directory.oidc")
    except ImportError as error:
        raise Unavailable("oidc_not_installed", permanent=True) from error
    client = oidc.OidcClient(
        settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret.get_secret_value(),
        settings.oidc_uid_claim, settings.oidc_groups_claim, settings.oidc_ca_file,
    )  # fmt: skip
    found: Provider = oidc.Provider(client, clock)
    return found


def _directory(settings: Settings, clock: Clock) -> People:
    grants = read_roles(settings.data / "roles.toml")
    key = load_or_make_key(settings.keys / "person.key")

    def opaque(uid: str) -> str:
        digest = hmac.digest(key, uid.lower().encode(), "sha256")
        return "p-" + base64.b32encode(digest)[:12].decode().lower()

    if settings.directory == "ldif":
        return LdifDirectory(settings.data / "people.ldif", grants, opaque, clock=clock)
    server = LdapServer(
        urls=tuple(settings.ldap_url.split()),
        base=settings.ldap_base,
        bind_dn=settings.ldap_bind_dn,
        bind_password=settings.ldap_bind_password.get_secret_value(),
        ca_file=settings.ldap_ca_file,
        start_tls=settings.ldap_start_tls,
        schema=schema_of(settings.ldap_shape, account=settings.ldap_account, group=settings.ldap_group_class,
                         member=settings.ldap_member),
        group_base=settings.ldap_group_base,
    )  # fmt: skip
    return LdapDirectory(server, grants, opaque, clock)
