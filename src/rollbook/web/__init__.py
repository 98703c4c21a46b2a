"""Pages: one module of views and forms per domain, templates, static files."""
