from drf_spectacular.utils import extend_schema_view

from annotation.api.bulk import BulkImportView, bulk_schema
from quality.services.gold import GoldImporter


@extend_schema_view(post=bulk_schema("Bring in gold answers", "`external_id`, `answer`, `rationale`?"))
class GoldImportView(BulkImportView):
    importer = GoldImporter
    job_kind = "import-gold"
