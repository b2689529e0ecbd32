from dataclasses import dataclass

from guidelines.content import GuidelineContent, parse_content
from guidelines.files.plain_yaml import Document, YamlError, read_plain_yaml
from guidelines.files.writing import FORMAT
from guidelines.label_schema import SchemaError
from operations.strict_json.reading import ObjectReader, Problem, ProblemList

LARGEST_FILE_BYTES = 1_500_000
LONGEST_TITLE = 200
LONGEST_NOTE = 5_000
_HEAD = ("format", "title", "change_note")


class FileError(ValueError):
    """A file that is no guideline: every problem by path, its words with the line it stands on."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.detail for problem in problems[:3]))
        self.errors = tuple(problems)


@dataclass(frozen=True)
class GuidelineFile:
    title: str
    note: str
    content: GuidelineContent


def read_guideline_file(data: bytes) -> GuidelineFile:
    """What `write_guideline_file` wrote, or a person with an editor; FileError with line and rule for anything else."""
    document = _document(data)
    if not isinstance(document.value, dict):
        raise _refused(1, "not_an_object", f"a guideline begins with `format: {FORMAT}`")
    problems = ProblemList()
    head = ObjectReader(
        {key: document.value[key] for key in _HEAD if key in document.value}, "", problems, allowed=_HEAD
    )
    if head.text("format", longest=100) != FORMAT:
        head.report("format", "unknown_format", f"format must be {FORMAT}")
    title = head.text("title", longest=LONGEST_TITLE, one_line=True)
    note = head.text("change_note", longest=LONGEST_NOTE)
    # Whatever else stands there is content, and content.py knows which lists there are.
    content = {key: value for key, value in document.value.items() if key not in _HEAD}
    try:
        parsed = parse_content(content)
    except SchemaError as error:
        problems.found += error.errors
    if problems:
        raise FileError([_with_line(document, problem) for problem in problems.found])
    return GuidelineFile(title, note, parsed)


def _document(data: bytes) -> Document:
    if len(data) > LARGEST_FILE_BYTES:
        raise _refused(1, "too_large", f"a file holds at most {LARGEST_FILE_BYTES} bytes")
    try:
        return read_plain_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refused(line, "not_utf8", "the file is not UTF-8 text") from error
    except YamlError as error:
        raise _refused(error.line, error.code, error.detail) from error


def _refused(line: int, code: str, detail: str) -> FileError:
    return FileError([Problem("", code, f"line {line}: {detail}")])


def _with_line(document: Document, problem: Problem) -> Problem:
    path, code, detail = problem
    return Problem(path, code, f"line {document.line_of(path)}: {detail}")
