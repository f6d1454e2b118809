"""Addresses about enrollment and invitations."""

from typing import Final

from vedette.api.native import enrollment
from vedette.api.native.route import Route
from vedette.tenants.application_keys import Scope

AREA: Final = "Enrollment"

ENROLLMENT_ROUTES: Final = (
    Route(
        method="GET",
        path="/enrollment",
        name="getEnrollment",
        summary="How far enrollment is",
        area=AREA,
        scope=Scope.ENROLLMENT_READ,
        module="enrollment",
        answer=enrollment.Enrollment,
        act=enrollment.summary,
    ),
    Route(
        method="GET",
        path="/invitations",
        name="listInvitations",
        summary="List invitations, the newest first",
        area=AREA,
        scope=Scope.ENROLLMENT_READ,
        module="enrollment",
        query=enrollment.InvitationQuery,
        answer=enrollment.InvitationPage,
        act=enrollment.listed,
    ),
    Route(
        method="GET",
        path="/invitations/{invitation_id}",
        name="getInvitation",
        summary="What became of an invitation",
        area=AREA,
        scope=Scope.ENROLLMENT_READ,
        module="enrollment",
        answer=enrollment.Invitation,
        act=enrollment.one,
    ),
    Route(
        method="POST",
        path="/invitations",
        name="invite",
        summary="Send a one-time activation code for a device or to a person",
        area=AREA,
        scope=Scope.ENROLLMENT_WRITE,
        module="enrollment",
        right="modify",
        body=enrollment.InvitationWish,
        answer=enrollment.Invitation,
        status=201,
        refusals=("refused", "conflict"),
        prepare=enrollment.find_person,
        act=enrollment.invite,
        notes="The mail leaves within seconds, `status` says whether it did. The code is in the mail alone. An older"
        " unused code of the same device becomes worthless.",
    ),
    Route(
        method="POST",
        path="/invitations/{invitation_id}/withdraw",
        name="withdrawInvitation",
        summary="Make a code worthless",
        area=AREA,
        scope=Scope.ENROLLMENT_WRITE,
        module="enrollment",
        right="modify",
        answer=enrollment.Invitation,
        refusals=("conflict",),
        act=enrollment.withdraw,
    ),
)
