"""YAML → Charter, with the reader of rulebooks: the same terms, the same promises, no rules."""

from collections.abc import Mapping

from policy.engine.language.charter import Charter, Grounds
from policy.engine.language.facts import Vocabulary
from policy.engine.language.marked import Node, Problems, read_marked
from policy.engine.language.reading import Cited, RulebookReader, parts_of_canonical


def read_charter(
    text: str, vocabulary: Vocabulary, *, file: str, cited: Cited | None = None
) -> Charter:
    """The charter that the YAML text writes down; ReadingError holds every problem.

    With ``cited`` every clause must be one of these; a version that was stored is read without.
    """
    problems = Problems(file)
    root = read_marked(text, problems)
    charter = _CharterReader(vocabulary, problems, cited).charter(root)
    problems.check()
    return charter


def read_canonical_charter(text: str, *, file: str = "canonical") -> Charter:
    """The charter whose `canonical` text this is, with its own vocabulary; else a ReadingError."""
    vocabulary, charter = parts_of_canonical(text, "charter", file=file)
    return read_charter(charter, vocabulary, file=f"{file} (charter)")


class _CharterReader(RulebookReader):
    promise_needs = ("clause",)
    promise_may = ("from_policy",)

    def __init__(self, vocabulary: Vocabulary, problems: Problems, cited: Cited | None) -> None:
        super().__init__(vocabulary, problems, cited)
        self.grounds: dict[str, Grounds] = {}

    def charter(self, root: Node) -> Charter:
        fields = self.shapes.fields(
            root, "charter", ("charter", "label", "source", "promises"), ("terms",)
        )
        terms = self.terms(fields.get("terms"))
        promises = self.promises(fields.get("promises"))
        if "promises" in fields and fields["promises"].parts == []:
            self.problems.add(fields["promises"], "promises: the list is empty; name at least one")
        return Charter(
            name=self.shapes.text(fields.get("charter"), "charter"),
            label=self.shapes.text(fields.get("label"), "label"),
            source=self.shapes.text(fields.get("source"), "source"),
            vocabulary=self.vocabulary,
            terms=terms,
            promises=promises,
            grounds=self.grounds,
        )

    def promise_grounds(self, promise: str, fields: Mapping[str, Node], what: str) -> None:
        clause = self.clause(fields.get("clause"), f"{what}: clause")
        mark = fields.get("from_policy")
        is_marked = bool(mark and self.shapes.boolean(mark, f"{what}: from_policy"))
        self.grounds[promise] = Grounds(clause, from_policy=is_marked)
