"""Page kit: base templates, components, tables, security headers, static files, translations."""
