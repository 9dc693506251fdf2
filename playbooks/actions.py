"""Automated actions. Each gets what is known of the case and acts once for its key; orders go out as tickets."""

from csirt.model.incident import Level
from csirt.model.step import Json
from csirt.playbook import Act, Role, action, seconds

_CAUSE_OF_WAY = {
    "mail": "missent",
    "paper": "missent",
    "fax": "missent",
    "web": "mispublished",
    "setting": "mispublished",
}
_FACT_OF_KIND = {"sensitive": "sensitive_data", "property": "property_damage", "my_number": "my_number"}


@action(within=seconds(10))
def gather_facts(act: Act) -> Json:
    """What the detections say: hosts, attackers, how many, since when."""
    return dict(act.facts())


@action(within=seconds(5))
def set_level(act: Act, level: int, reason: str, by: str) -> Json:
    """Set the level that the responsible post has confirmed."""
    act.set_level(Level(level), reason, by)
    return {"level": level}


@action(within=seconds(10))
def note_personal_data(act: Act, touched: str, head_count: int | None, gravest_kind: str | None) -> Json:
    """Put onto the fact sheet what was judged, so that duties and reports go by it; what is confirmed there stays."""
    facts: dict[str, Json] = {"personal_data": {"unknown": "suspected"}.get(touched, touched)}
    if head_count is not None:
        facts["head_count"] = head_count
    if gravest_kind in _FACT_OF_KIND:
        facts[_FACT_OF_KIND[gravest_kind]] = "suspected"
    act.state_facts(facts)
    return dict(facts)


@action(within=seconds(10))
def note_way_out(act: Act, way: str) -> Json:
    """Put onto the fact sheet how data went out by mistake; a way that nobody could name leaves it alone."""
    return _noted(act, {"cause": _CAUSE_OF_WAY[way]} if way in _CAUSE_OF_WAY else {})


@action(within=seconds(10))
def note_loss(act: Act, how: str) -> Json:
    """Put onto the fact sheet whether it was lost or stolen. The report to the police follows from it as a duty."""
    return _noted(act, {"cause": "theft" if how == "stolen" else "loss", "lost_or_stolen": how})


@action(within=seconds(10))
def note_encrypted(act: Act, encrypted: str) -> Json:
    """Put onto the fact sheet whether what is gone was strongly encrypted; a doubt is none that frees from a duty."""
    return _noted(act, {"encrypted": encrypted})


@action(within=seconds(10))
def note_contractor(act: Act, kind: str) -> Json:
    """Put onto the fact sheet in whose hands it happened."""
    return _noted(act, {"contractor_involved": "yes", "contractor_kind": kind})


@action(within=seconds(10))
def note_intrusion(act: Act, layers: list[Json]) -> Json:
    """Put onto the fact sheet that somebody broke in, and where: wrongful by nature, a crime until shown otherwise."""
    facts: dict[str, Json] = {"cause": "unauthorised_access", "wrongful_purpose": "suspected", "crime": "suspected"}
    return _noted(act, {**facts, "intrusion_layer": layers} if layers else facts)


@action(within=seconds(10))
def note_insider(act: Act) -> Json:
    """Put onto the fact sheet that it was done from within: wrongful by nature, a crime until shown otherwise."""
    return _noted(act, {"cause": "insider", "wrongful_purpose": "suspected", "crime": "suspected"})


@action(within=seconds(10))
def note_service_stop(act: Act, how_long: str) -> Json:
    """Put onto the fact sheet how long services stand still; the level follows from it (水準表 2, 3)."""
    return _noted(act, {"service_stop": how_long})


@action(within=seconds(10))
def note_cause_of_outage(act: Act, cause: str) -> Json:
    """Put onto the fact sheet why it stopped: an attack as the crime it may be; what nobody knows leaves it alone."""
    if cause == "attack":
        return _noted(act, {"crime": "suspected"})
    return _noted(act, {"cause": cause} if cause in ("failure", "disaster") else {})


@action(within=seconds(10))
def note_came_back_unread(act: Act) -> Json:
    """Put onto the fact sheet that everything came back unread, as two people agreed."""
    return _noted(act, {"recovered_unread": "yes"})


@action(within=seconds(10), tries=5)
def hold_logs(act: Act) -> Json:
    """Order that no log of the hosts concerned is rotated away (ログ保全)."""
    facts = act.facts()
    return act.ticket("hold_logs", {"hosts": facts.get("hosts", [])})


@action(within=seconds(30), tries=5, slow=True, by_hand=Role.OFFICER)
def ask_soc_to_block(act: Act) -> Json:
    """Order a block of the attackers' addresses from the prefecture's security cloud (遮断依頼)."""
    facts = act.facts()
    return act.ticket("block_request", {"addresses": facts.get("attackers", [])})


@action(within=seconds(10), tries=5)
def order_mail_removal(act: Act) -> Json:
    """Order that the mail is taken out of all mailboxes (メール隔離)."""
    return act.ticket("remove_mail", {"incident": act.incident})


def _noted(act: Act, facts: dict[str, Json]) -> Json:
    """State them, where there are any; what is confirmed on the sheet stays."""
    if facts:
        act.state_facts(facts)
    return dict(facts)
