"""Encrypts the texts of accounts with the newest key, after a rotation of the key."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.administration.telephones import Telephones
from services.console.models import Account, SecondFactor
from services.console.sign_in.sealed_texts import SealedTexts
from services.console.sign_in.totp import TotpSecrets

COLUMNS = {TotpSecrets: SecondFactor.sealed, Telephones: Account.telephone}


async def reseal(session: AsyncSession, box: SealedTexts) -> int:
    """Encrypts with the newest key, and returns the number of changed texts. The calling code commits."""
    column, count = COLUMNS[type(box)], 0
    is_old = func.substr(column, 1, len(box.newest_id)) != box.newest_id
    for row in await session.scalars(select(column.class_).where(is_old).with_for_update()):
        if (new := box.resealed(getattr(row, column.key), row.account_id)) is not None:
            setattr(row, column.key, new)
            count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    count = 0
    for column in COLUMNS.values():
        own = func.substr(column, 1, len(key_id)) == key_id.encode()
        count += await session.scalar(select(func.count()).select_from(column.class_).where(own)) or 0
    return count
