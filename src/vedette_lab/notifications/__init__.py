"""Change notifications on their way to subscribers, beside Graph's own addresses."""

from vedette_lab.notifications.routes import routes
from vedette_lab.notifications.sending import lifespan

__all__ = ["lifespan", "routes"]
