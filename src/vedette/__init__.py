"""Vedette: self-hosted mobile threat defense bound to a Microsoft Entra tenant."""
