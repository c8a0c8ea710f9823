# SPDX-License-Identifier: Apache-2.0
"""Django with django-sesame's one-time links, sessions in the database; `DATABASE` is a file or `postgresql://…`.

Links are mailed nowhere: GET /taken hands out those since the last time, one a line.
"""

import json
import os
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings
from django.urls import path

where = urlsplit(os.environ["DATABASE"])
if where.scheme == "postgresql":
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(where.path[1:]),
        "USER": where.username or "postgres",
        "HOST": where.hostname or parse_qs(where.query)["host"][0],
    }
else:
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": where.path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
settings.configure(
    ALLOWED_HOSTS=["*"],
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend", "sesame.backends.ModelBackend"],
    DATABASES={"default": {**database, "CONN_MAX_AGE": None}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a-secret-for-this-comparison-and-nothing-else",  # noqa: S106 - as it says
    SESAME_MAX_AGE=3600,
    SESAME_ONE_TIME=True,
)
django.setup()

from django.contrib.auth import authenticate, get_user_model, login  # noqa: E402 - once it is set up
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from sesame.utils import get_token  # noqa: E402

mailed: list[str] = []


def send(request: HttpRequest) -> JsonResponse:
    """Ask for a link."""
    address = json.loads(request.body)["email"]
    user, _ = get_user_model().objects.get_or_create(username=address, defaults={"email": address})
    mailed.append(get_token(user))
    return JsonResponse({"status": True})


def verify(request: HttpRequest) -> JsonResponse:
    """Open one."""
    user = authenticate(request, sesame=request.GET["token"])
    if user is None:
        return JsonResponse({"error": "invalid"}, status=401)
    login(request, user)
    return JsonResponse({"session": user.pk})


def session(request: HttpRequest) -> JsonResponse:
    """Who am I."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "nobody"}, status=401)
    return JsonResponse({"session": request.user.email})


def taken(_request: HttpRequest) -> HttpResponse:
    """The links since the last time."""
    found, mailed[:] = "\n".join(mailed), []
    return HttpResponse(found)


def health(_request: HttpRequest) -> HttpResponse:
    """It is up."""
    return HttpResponse("up")


urlpatterns = [
    path("send", send),
    path("verify", verify),
    path("session", session),
    path("taken", taken),
    path("health", health),
]
call_command("migrate", verbosity=0)
application = get_wsgi_application()
