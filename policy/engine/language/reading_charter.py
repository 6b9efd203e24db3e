"""YAML → Charter, with the reader of rulebooks: the same terms, the same promises, no rules.

The promises on answers are read alike, with words of their own.
"""

from collections.abc import Mapping
from dataclasses import replace

from policy.engine.language.charter import Charter, Grounds
from policy.engine.language.facts import Vocabulary
from policy.engine.language.marked import Node, Problems, Written, read_marked
from policy.engine.language.reading import Cited, RulebookReader, parts_of_canonical

NO_WORDS = Vocabulary([])


def read_charter(
    text: Written,
    vocabulary: Vocabulary,
    *,
    file: str,
    answers: Vocabulary = NO_WORDS,
    cited: Cited | None = None,
) -> Charter:
    """The charter that the YAML text writes down; ReadingError holds every problem.

    Promises on answers speak of ``answers``. With ``cited`` every clause must be one of these; a
    version that was stored is read without.
    """
    problems = Problems(file)
    root = read_marked(text, problems)
    charter = _CharterReader(vocabulary, problems, cited).charter(root, answers)
    problems.check()
    return charter


def read_canonical_charter(text: str, *, file: str = "canonical") -> Charter:
    """The charter whose `canonical` text this is, with its own vocabulary; else a ReadingError."""
    words, charter = parts_of_canonical(text, "charter", ["vocabulary", "answers"], file=file)
    vocabulary, answers = (*words, NO_WORDS)[:2]
    return read_charter(charter, vocabulary, answers=answers, file=f"{file} (charter)")


class _CharterReader(RulebookReader):
    promise_needs = ("clause",)
    promise_may = ("from_policy",)

    def __init__(self, vocabulary: Vocabulary, problems: Problems, cited: Cited | None) -> None:
        super().__init__(vocabulary, problems, cited)
        self.grounds: dict[str, Grounds] = {}

    def charter(self, root: Node, answers: Vocabulary) -> Charter:
        fields = self.shapes.fields(
            root, "charter", ("charter", "label", "source", "promises"), ("terms", "on_answers")
        )
        charter = self.list_of(
            fields,
            name=self.shapes.text(fields.get("charter"), "charter"),
            label=self.shapes.text(fields.get("label"), "label"),
            source=self.shapes.text(fields.get("source"), "source"),
        )
        if "on_answers" not in fields:
            return charter
        reader = _OnAnswersReader(answers, self.problems, self.cited)
        # No promise of either list has the id of another.
        reader.promise_ids = self.promise_ids
        second = self.shapes.fields(fields["on_answers"], "on_answers", ("promises",), ("terms",))
        about = {"name": charter.name, "label": charter.label, "source": charter.source}
        return replace(charter, on_answers=reader.list_of(second, **about))

    def list_of(self, fields: Mapping[str, Node], *, name: str, label: str, source: str) -> Charter:
        """The terms and promises of these fields."""
        terms = self.terms(fields.get("terms"))
        promises = self.promises(fields.get("promises"))
        if "promises" in fields and fields["promises"].parts == []:
            self.problems.add(fields["promises"], "promises: the list is empty; name at least one")
        return Charter(name, label, source, self.vocabulary, terms, promises, self.grounds)

    def promise_grounds(self, promise: str, fields: Mapping[str, Node], what: str) -> None:
        clause = self.clause(fields.get("clause"), f"{what}: clause")
        mark = fields.get("from_policy")
        is_marked = bool(mark and self.shapes.boolean(mark, f"{what}: from_policy"))
        self.grounds[promise] = Grounds(clause, from_policy=is_marked)


class _OnAnswersReader(_CharterReader):
    """Of answers only what surely comes out can be proved."""

    promise_kinds = ("surely", "possibly")
