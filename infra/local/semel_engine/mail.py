"""Senders that SES may send from without anybody having clicked on the link in a verification mail.

On AWS the owner of an address verifies it once. Here there is nobody to ask, so the launcher names the senders:
`SEMEL_VERIFIED_SENDERS`, separated by commas. Every other sender is refused, as on AWS.
"""

import os
from email.utils import parseaddr
from typing import Any

from ministack.services import ses

from .seam import Seam

VARIABLE = "SEMEL_VERIFIED_SENDERS"


def install(seam: Seam) -> None:
    """Adds the named senders to what SES holds for verified."""
    senders = {address.strip().lower() for address in os.environ.get(VARIABLE, "").split(",") if address.strip()}
    stock = ses._identity_verified

    def identity_verified(address: str, *args: Any, **options: Any) -> Any:
        return parseaddr(address or "")[1].lower() in senders or stock(address, *args, **options)

    seam.replace(ses, "_identity_verified", identity_verified)
