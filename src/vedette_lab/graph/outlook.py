"""Mail sent through Graph, and the app configurations of Intune that nobody has made here."""

from collections.abc import Mapping
from email.utils import formataddr
from typing import Any, Final

from starlette.routing import BaseRoute

from vedette_lab.graph.call import Call, operation
from vedette_lab.graph.errors import GraphError
from vedette_lab.intune_model import Json
from vedette_lab.mailbox.exchange import graph_may_send
from vedette_lab.model import Mail, new_id

CONFIGURATIONS: Final = "deviceAppManagement/mobileAppConfigurations"
MESSAGE: Final = frozenset(
    {
        *("subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "from", "sender", "replyTo"),
        *(
            "importance",
            "attachments",
            "hasAttachments",
            "internetMessageHeaders",
            "singleValueExtendedProperties",
        ),
    }
)
"""Properties of a message that one may send (learn.microsoft.com/graph/api/resources/message)."""
RAOP: Final = (
    "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
)
FILE: Final = "#microsoft.graph.fileAttachment"


async def send_mail(call: Call) -> str:
    """POST /users/{id}/sendMail: 202, and the mail lies in the lab's mailbox."""
    user = call.tenant.directory.user(call.param("user"))
    if user is None:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{call.param('user')}' is invalid.")
    address = user.mail or user.user_principal_name
    if not graph_may_send(call.tenant, call.bearer.app_id, address):
        raise GraphError(403, "ErrorAccessDenied", RAOP)
    body = call.body()
    message = body.get("message", body.get("Message"))
    if not isinstance(message, dict):
        raise GraphError(400, "ErrorInvalidRequest", "The request is missing the parameter 'Message'.")
    _check(body, message)
    to = [_address(row) for row in message.get("toRecipients") or []]
    if not to:
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    content = message.get("body") or {}
    text, is_html = str(content.get("content") or ""), str(content.get("contentType", "")).lower() == "html"
    sender = formataddr((user.display_name, address))
    subject = str(message.get("subject") or "(no subject)")
    call.cloud.mails.append(
        Mail(
            id=new_id(),
            at=call.cloud.now(),
            sender=sender,
            recipients=to,
            subject=subject,
            text="" if is_html else text,
            html=text if is_html else None,
            headers={"From": sender, "To": ", ".join(to), "Subject": subject, **_headers(message)},
            pictures=dict(_pictures(row) for row in message.get("attachments") or []),
        )
    )
    return ""


def _check(body: Mapping[str, Any], message: Mapping[str, Any]) -> None:
    """Refuse what is no property of the action or of a message."""
    unknown = [name for name in body if name.lower() not in {"message", "savetosentitems"}]
    unknown += [name for name in message if name not in MESSAGE and not name.startswith("@odata.")]
    if unknown:
        text = f"The property '{unknown[0]}' does not exist on type 'microsoft.graph.message'."
        raise GraphError(400, "RequestBodyRead", text)
    if not isinstance(body.get("saveToSentItems", True), bool):
        raise GraphError(400, "RequestBodyRead", "Cannot convert a value to target type 'Edm.Boolean'.")


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    """Return the message's own headers; Exchange takes those that begin with x- only."""
    rows = message.get("internetMessageHeaders") or []
    for row in rows:
        if not str(row.get("name", "")).lower().startswith("x-"):
            text = f"The internet message header name '{row.get('name')}' should start with 'x-' or 'X-'."
            raise GraphError(400, "InvalidInternetMessageHeader", text)
    return {str(row["name"]): str(row.get("value", "")) for row in rows}


def _pictures(row: Any) -> tuple[str, str]:
    if not isinstance(row, dict) or row.get("@odata.type") != FILE or "contentBytes" not in row:
        raise GraphError(400, "RequestBodyRead", "This lab takes attachments that are files.")
    return str(
        row.get("contentId") or row.get("name")
    ), f"data:{row.get('contentType')};base64,{row['contentBytes']}"


def _address(row: Any) -> str:
    try:
        address = str(row["emailAddress"]["address"])
    except (KeyError, TypeError):
        address = ""
    if "@" not in address.strip("@"):
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    return address


async def list_configurations(call: Call) -> Json:
    """GET /deviceAppManagement/mobileAppConfigurations: none were made."""
    return call.intune_page([], CONFIGURATIONS, lambda row: row)


routes: list[BaseRoute] = [
    *operation("POST", "/users/{user}/sendMail", send_mail, status=202),
    *operation("GET", f"/{CONFIGURATIONS}", list_configurations),
]
