"""The mail that carries an activation code: text, HTML and a QR code, in the language of the invitation."""

import io
from email.mime.image import MIMEImage
from typing import Final
from urllib.parse import urlencode

import segno
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from vedette.devices.invitations import Issued, mark
from vedette.foundation import config, database, mail
from vedette.tenants.models import Tenant

_QR_NAME: Final = "qr@vedette"


def enroll_address(code: str) -> str:
    """Return what the QR code says: the app opens it and enrolls."""
    return "vedette://enroll?" + urlencode({"server": config.current().public_url, "code": code})


def qr_png(code: str) -> bytes:
    """Return the QR code of an enrolment as PNG, which mail programs show and SVG they do not."""
    picture = io.BytesIO()
    segno.make(enroll_address(code), error="m", micro=False).save(picture, kind="png", scale=5, border=4)
    return picture.getvalue()


def compose(issued: Issued, organisation: str) -> EmailMultiAlternatives:
    """Write the mail of one invitation; its text holds the code, so it is never logged."""
    invitation = issued.invitation
    device = invitation.device
    with translation.override(invitation.language):
        name = device.display_name or device.model if device else gettext("your phone")
        context = {
            "language": invitation.language,
            "organisation": organisation,
            "device": name,
            "code": issued.code,
            "server": config.current().public_url,
            "expires_at": invitation.expires_at,
            "qr": f"cid:{_QR_NAME}",
        }
        subject = gettext("Activate Vedette on %(device)s") % {"device": " ".join(name.split())}
        message = EmailMultiAlternatives(
            subject,
            render_to_string("devices/invitation.txt", context),
            to=[invitation.email],
            headers={"Content-Language": invitation.language},
        )
        message.attach_alternative(render_to_string("devices/invitation.html", context), "text/html")
    message.mixed_subtype = "related"
    picture = MIMEImage(qr_png(issued.code), _subtype="png")
    picture.add_header("Content-ID", f"<{_QR_NAME}>")
    picture.add_header("Content-Disposition", "inline", filename="activation.png")
    message.attach(picture)
    return message


def send(issued: Issued) -> None:
    """Send one invitation and note the result in it. Raises mail.MailError; no transaction may be open."""
    tenant_id = issued.invitation.tenant_id
    with database.tenant(tenant_id):
        organisation = Tenant.objects.values_list("name", flat=True).get(id=tenant_id)
    try:
        with mail.connection(tenant_id) as connection:
            connection.send(compose(issued, organisation))
    except mail.MailError as error:
        mark(tenant_id, [(issued.invitation, error.explanation)])
        raise
    mark(tenant_id, [(issued.invitation, "")])
