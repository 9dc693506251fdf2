"""Sample detections that wait for a decision."""

from dataclasses import replace

from csirt.model.incident import IncidentType, Level
from csirt.web.views import frame, waiting
from tests.web.cast import MINUTE, NOW, Words
from tests.web.hints import some_hints


def some_waiting(say: Words) -> waiting.Waiting:
    """Detections that wait for a decision, and one record in quarantine."""
    row = waiting.WaitingRow(
        key="17",
        at=NOW - 9 * MINUTE,
        title=say("管理者パスワードの誤りが続いた", "Repeated wrong administrator passwords"),
        level=Level.MINOR,
        type=IncidentType.UNAUTH_ACCESS,
        format="syslog",
        host="FW-01",
        repeats=12,
        observables=(say("アカウント: admin", "Account: admin"),),
        reasons=(
            say("同じ端末「FW-01」への検知", "Detected on the same host 'FW-01'"),
            say(
                "同じ日（日本時間）に同じ攻撃元「198.51.100.7」から検知", "Same attacker '198.51.100.7' on the same day"
            ),
        ),
        candidates=some_hints(say)[:1],
        asset=say("庁内ファイアウォール（LGWAN接続系、情報政策課）", "Firewall (LGWAN network, IT section)"),
    )
    broken = waiting.QuarantineRow(at=NOW, code="not_json", place="byte 2048", source="soc-sensor")
    form = frame.Form(key="k-6", errors={"form": "detections_not_waiting"})
    return waiting.Waiting(
        rows=(row, replace(row, key="19", level=Level.EVENT, reasons=())),
        quarantine=(broken,),
        may_decide=True,
        may_retry=True,
        form=form,
        chosen=frozenset({"17"}),
        cases=(
            frame.Option(value="i-1", label=say("令和8年度 第12号 税務課の端末", "FY2026 No. 12 Tax office computer")),
        ),
    )
