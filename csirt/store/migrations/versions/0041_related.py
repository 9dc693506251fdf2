"""From a host, an attacker, an account or an asset straight to the incidents that show it.

One of hosts serves both questions, so that none is asked the slow way. Of attackers and accounts only what is sorted is
looked for, and a detection that comes in pays nothing for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

SHOWN = ("attacker", "user_name")
ASSET = sa.text("asset IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    for name in SHOWN:
        given = sa.text(f"{name} IS NOT NULL AND incident IS NOT NULL")
        op.create_index(
            f"ix_detection_{name}_case", "detection", [name, "incident"], sqlite_where=given, postgresql_where=given
        )
    op.drop_index("ix_detection_attacker", "detection")
    op.drop_index("ix_detection_attacked", "detection")
    op.create_index("ix_detection_attacked", "detection", ["attacked", "incident"])
    _of_assets("asset", "incident")


def downgrade() -> None:
    """Undo."""
    _of_assets("asset")
    op.drop_index("ix_detection_attacked", "detection")
    op.create_index("ix_detection_attacked", "detection", ["attacked"])
    op.create_index("ix_detection_attacker", "detection", ["attacker"])
    for name in SHOWN:
        op.drop_index(f"ix_detection_{name}_case", "detection")


def _of_assets(*columns: str) -> None:
    op.drop_index("ix_detection_asset", "detection")
    op.create_index("ix_detection_asset", "detection", list(columns), sqlite_where=ASSET, postgresql_where=ASSET)
