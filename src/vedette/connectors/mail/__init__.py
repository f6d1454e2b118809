"""E-mail to administrators: threat notifications and connector errors."""
