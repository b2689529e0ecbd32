"""The yardstick of the queue: the least a Django view can do to lease a row. Served like Concord, beside it.

No sign-in, no project, no overlap, no guideline: one UPDATE of a table of its own, answered as JSON.
"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from config.settings import DATABASES

settings.configure(DATABASES=DATABASES, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], USE_TZ=True)

LEASE = """
    UPDATE bench_bare_queue SET leased = true WHERE id = (
        SELECT id FROM bench_bare_queue WHERE NOT leased ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, payload
"""


def lease(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(LEASE)
        seat, payload = cursor.fetchone()
    return JsonResponse({"id": seat, "payload": payload})


urlpatterns = [path("lease/", lease)]
application = get_wsgi_application()
