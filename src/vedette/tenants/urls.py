"""Routes of sign-in, consent, the operator and preferences; the project includes them at the root."""

from django.urls import path

from vedette.tenants.views import consent, operator, preferences, sign_in

urlpatterns = [
    path("", sign_in.home, name="home"),
    path("signin", sign_in.page, name="sign-in"),
    path("signin/organisation", sign_in.organisation, name="sign-in-organisation"),
    path("signin/start", sign_in.start, name="sign-in-start"),
    path("signin/callback", sign_in.callback, name="sign-in-callback"),
    path("signout", sign_in.sign_out, name="sign-out"),
    path("les", consent.page, name="consent"),
    path("consent/callback", consent.callback, name="consent-callback"),
    path("consent/progress", consent.progress, name="consent-progress"),
    path("consent/again", consent.again, name="consent-again"),
    path("operator/", operator.page, name="operator"),
    path("operator/open/<str:token>", operator.open_link, name="operator-open"),
    path("operator/accounts/new", operator.new, name="operator-new"),
    path("operator/accounts/<uuid:tenant_id>", operator.account, name="operator-account"),
    path("operator/accounts/<uuid:tenant_id>/send", operator.send, name="operator-send"),
    path("preferences/", preferences.page, name="preferences"),
]
