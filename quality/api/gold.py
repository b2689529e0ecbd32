from annotation.api.bulk import BulkImportView
from quality.services.gold import GoldImporter


class GoldImportView(BulkImportView):
    importer = GoldImporter
    job_kind = "import-gold"
