"""Which mailboxes an application may send from, as Exchange Online decides it beside Entra's permissions.

For Graph an application access policy narrows what `Mail.Send` opens; without one every mailbox is open. SMTP
opens nothing by the permission alone: the application must be registered in Exchange and given the mailbox
(learn.microsoft.com: auth-limit-mailbox-access; how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth).
"""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final

from vedette_lab.entra.tokens import InvalidTokenError, read_bearer
from vedette_lab.model import Cloud, Tenant
from vedette_lab.permissions import EXCHANGE_AUDIENCE

SEND_AS_APP: Final = "SMTP.SendAsApp"


def graph_may_send(tenant: Tenant, app_id: str, address: str) -> bool:
    """Tell whether the application access policy lets an application send from an address by Graph."""
    opened = tenant.mailbox_access.get(app_id)
    return opened is None or address.lower() in opened


def smtp_sender(cloud: Cloud, initial_response: str) -> str | None:
    """Return the address that a XOAUTH2 response may send from, None when it opens no mailbox.

    The response is Base64 of ``user=ADDRESS^Aauth=Bearer TOKEN^A^A`` (^A is the byte 1).
    """
    try:
        fields = dict(
            part.split("=", 1) for part in b64decode(initial_response).decode().split("\x01") if "=" in part
        )
        kind, _, token = fields["auth"].partition(" ")
        bearer = read_bearer(cloud, token, frozenset({EXCHANGE_AUDIENCE}))
    except (Base64Error, UnicodeDecodeError, KeyError, InvalidTokenError):
        return None
    tenant = cloud.tenants.get(bearer.tenant_id)
    address = fields.get("user", "").lower()
    if tenant is None or kind != "Bearer" or SEND_AS_APP not in bearer.roles:
        return None
    exists = any((user.mail or "").lower() == address for user in tenant.directory.users.values())
    opened = address in tenant.mailbox_access.get(bearer.app_id, ())
    return address if exists and opened else None
