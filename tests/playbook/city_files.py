"""Playbooks as a city writes them: a sound one, and how tests put one into a folder."""

from pathlib import Path

SOUND = '''"""Loss of a device."""

from csirt.playbook import Choice, Disposition, Responder, Role, hours, playbook


@playbook(handles="loss_theft", version=1)
def loss(respond: Responder) -> Disposition:
    """Look for it, and lock it."""
    found = respond.ask("was_it_found", who=Role.OFFICER, within=hours(2), chain="municipal")
    if found.yes:
        return respond.close(Disposition.BENIGN, because=found.reason)
    respond.ask("lock_device", who="post:ciso", choices=(Choice("done"), Choice("cannot", needs_reason=True)))
    return respond.close(Disposition.TRUE_POSITIVE)
'''
TEXTS = """
[playbook]
title.ja = "紛失"
title.en = "Loss"
[step.was_it_found]
title.ja = "見つかったか"
title.en = "Was it found?"
[step.lock_device]
title.ja = "ロック"
title.en = "Lock it"
"""


def write(folder: Path, source: str = SOUND, texts: str = TEXTS, name: str = "loss") -> Path:
    """Put a playbook and its texts into a city's folder; returns the file."""
    (folder / "texts").mkdir(parents=True, exist_ok=True)
    (folder / "texts" / f"{name}.toml").write_text(texts, encoding="utf-8")
    file = folder / f"{name}.py"
    file.write_text(source, encoding="utf-8")
    return file
