"""The WSGI application that gunicorn serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.umask(0o077)  # as the commands: what came in is for the user who runs the service
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollbook.config.settings")
application = get_wsgi_application()
