from typing import Any, cast

from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.permissions import capability_of
from accounts.models import User
from annotation.selectors.access import ProjectAccess, project_access


class ProjectView(APIView):
    """An endpoint under `/projects/{slug}/`: loads the caller's access with the capability the view declares."""

    access: ProjectAccess

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        capability = capability_of(self, "GET" if request.method in {"HEAD", "OPTIONS"} else str(request.method))
        if capability is not None:
            self.access = project_access(cast(User, request.user), kwargs["slug"], capability)
