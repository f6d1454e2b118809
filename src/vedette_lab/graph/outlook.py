"""Mail sent through Graph, and the app configurations of Intune that nobody has made here."""

from email.utils import formataddr
from typing import Any, Final

from starlette.routing import BaseRoute

from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError
from vedette_lab.intune_model import Json
from vedette_lab.model import Mail, new_id

CONFIGURATIONS: Final = "deviceAppManagement/mobileAppConfigurations"


async def send_mail(call: Call) -> str:
    """POST /users/{id}/sendMail: 202, and the mail lies in the lab's mailbox."""
    user = call.tenant.directory.user(call.param("user"))
    if user is None:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{call.param('user')}' is invalid.")
    body = await call.body()
    message = body.get("message", body.get("Message"))
    if not isinstance(message, dict):
        raise GraphError(400, "ErrorInvalidRequest", "The request is missing the parameter 'Message'.")
    to = [_address(row) for row in message.get("toRecipients") or []]
    if not to:
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    content = message.get("body") or {}
    text, is_html = str(content.get("content") or ""), str(content.get("contentType", "")).lower() == "html"
    call.cloud.mails.append(
        Mail(
            id=new_id(),
            at=call.cloud.now(),
            sender=formataddr((user.display_name, user.mail or user.user_principal_name)),
            recipients=to,
            subject=str(message.get("subject") or "(no subject)"),
            text="" if is_html else text,
            html=text if is_html else None,
        )
    )
    return ""


def _address(row: Any) -> str:
    try:
        return str(row["emailAddress"]["address"])
    except (KeyError, TypeError):
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.") from None


async def list_configurations(call: Call) -> Json:
    """GET /deviceAppManagement/mobileAppConfigurations: none were made."""
    return call.intune_page([], CONFIGURATIONS, lambda row: row)


routes: list[BaseRoute] = [
    *operation("POST", "/users/{user}/sendMail", send_mail, status=202),
    *operation("GET", f"/{CONFIGURATIONS}", list_configurations),
]
