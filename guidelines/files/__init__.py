"""A guideline as one file that people read, diff and merge: YAML of the plainest kind (docs/adr/0015). Pure."""

from guidelines.files.reading import FileError, GuidelineFile, read_guideline_file
from guidelines.files.writing import write_guideline_file

__all__ = ["FileError", "GuidelineFile", "read_guideline_file", "write_guideline_file"]
