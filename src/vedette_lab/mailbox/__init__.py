"""A mailbox of all mail that the service under test sends, received by SMTP."""

from vedette_lab.mailbox.routes import routes
from vedette_lab.mailbox.smtp import lifespan

__all__ = ["lifespan", "routes"]
