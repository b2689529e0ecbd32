from typing import Any, cast

from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.permissions import capability_of
from accounts.models import User
from guidelines.models import Guideline
from guidelines.selectors.access import guideline_for


# An endpoint under `/guidelines/{slug}/`: loads the guideline if the caller may read it, or edit it for a method in
# `edits`. For a stranger it is not there. (A docstring here would describe every endpoint in the OpenAPI document.)
class GuidelineView(APIView):
    edits: frozenset[str] = frozenset()
    guideline: Guideline

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if capability_of(self, "GET" if request.method in {"HEAD", "OPTIONS"} else str(request.method)) is None:
            return  # a method that is not there: 405, whoever asks
        self.guideline = guideline_for(cast(User, request.user), kwargs["slug"], edit=str(request.method) in self.edits)
