"""How evidence names things to people."""

from vedette_facts.report import App


def app_label(app: App) -> str:
    """Name an application with its package: names are free, a package is there once on a phone."""
    return f"{app.name} ({app.package})" if app.name else app.package
