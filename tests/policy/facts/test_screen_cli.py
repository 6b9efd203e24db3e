"""`./run screen`: one result a line whatever the line is, exit status, memory, speed."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.facts import shipped
from policy.facts.screen import LONGEST_LINE, Screener, lines, main, screen
from tests.effort import examples

ROOT = Path(__file__).parents[3]
CASES = ROOT / "policy" / "data" / "cases.jsonl"
COMMAND = [sys.executable, "-m", "policy.facts.screen"]
SCREENER = Screener(shipped.load())
FACTS = {
    "country": "FI",
    "end_user_name": "Example Rail",
    "end_user_type": "rail_operator",
    "customer_name": "Example Rail",
    "customer_type": "rail_operator",
    "products": ["GSM-R"],
    "capabilities": ["railway_comms"],
    "services": ["supply"],
    "purpose": "railway_operations",
    "intermediaries": [],
}
LINE = json.dumps({"id": "a", "facts": FACTS}).encode()


def run(source: bytes) -> tuple[list[dict], bool]:
    out = io.BytesIO()
    every = screen(io.BytesIO(source), out, SCREENER)
    text = out.getvalue()
    assert text == b"" or text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()], every


def one(raw: bytes) -> dict:
    (result,), every = run(raw + b"\n")
    assert every == ("error" not in result)
    return result


def line(**changes) -> bytes:
    return json.dumps({"id": "a", "facts": FACTS | changes}).encode()


def territory(code) -> bytes:
    return json.dumps({"id": "a", "facts": FACTS, "derived": {"special_territory": code}}).encode()


def test_a_result_has_the_agreed_shape():
    assert one(LINE) == {
        "id": "a",
        "outcome": "clear",
        "review_floor": None,
        "missing": [],
        "findings": [],
        "rulebook": {"label": "1.1", "digest": shipped.load().rulebook.digest},
    }
    (finding,) = one(line(country="LI"))["findings"]
    assert finding == {
        "rule": "S01",
        "clause": "C4b",
        "outcome": "senior_review",
        "because": "The risk in Liechtenstein is not rated:"
        " every sale there is reviewed, radio and railway included.",
        "facts": {"country_risk": "unrated"},
    }


NESTED = b'{"id": "a", "facts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
DEEP = b'{"id": "a", "facts": {}, "note": ' + b"[" * 900 + b"]" * 900 + b', "note": 1}'


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty"),
        (b"   ", "is empty"),
        (b"nonsense", "not readable as JSON"),
        (LINE[:-1], "not readable as JSON"),
        (LINE + LINE, "not readable as JSON"),
        (b"[]", "is not a JSON object"),
        (b"7", "is not a JSON object"),
        (b'"text"', "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'{"id": "a", "facts": {"end_user_name": "\xff"}}', "not readable as JSON"),
        (b'{"id": "a", "facts": {"end_user_name": "\\ud800"}}', "not readable as JSON"),
        (b'{"id": "a", "facts": {}, "derived": {"country_score": NaN}}', "not readable as JSON"),
        (b'{"id": "a", "facts": {}, "x": Infinity}', "not readable as JSON"),
        (b'{"id": "a", "facts": {}, "id": "b"}', 'the key "id" appears twice'),
        (b'{"id": "a", "facts": {"country": "IR", "country": "FI"}}', '"country" appears twice'),
        (b'{"id": "a", "facts": {"country" : "IR", "country": "FI"}}', '"country" appears twice'),
        (b'{"id" : "a", "facts": {"country": "IR", "country": "FI"}}', '"country" appears twice'),
        (b'{"id": "a", "facts": {}, "x": [{"y": 1, "y": 2}]}', 'the key "y" appears twice'),
        (b'{"id": "a", "facts": {"\\u0063ountry": "IR", "country": "FI"}}', "appears twice"),
        (NESTED, "not readable as JSON"),
        (DEEP, "twice"),
        (b'{"facts": {}}', '"id" must be a text or a whole number'),
        (b'{"id": null, "facts": {}}', '"id" must be'),
        (b'{"id": "", "facts": {}}', '"id" must be'),
        (b'{"id": true, "facts": {}}', '"id" must be'),
        (b'{"id": 1.5, "facts": {}}', '"id" must be'),
        (b'{"id": ["a"], "facts": {}}', '"id" must be'),
        (b'{"id": "a"}', '"facts" must be an object'),
        (b'{"id": "a", "facts": null}', '"facts" must be an object'),
        (b'{"id": "a", "facts": []}', '"facts" must be an object'),
        (b'{"id": "a", "fact": {}}', 'unknown key "fact"; did you mean facts?'),
        (b'{"id": "a", "facts": {}, "derivd": {}}', 'unknown key "derivd"; did you mean derived?'),
        (b'{"id": "a", "facts": {}, "derived": []}', '"derived" must be an object'),
        (
            b'{"id": "a", "facts": {}, "derived": {"country_rsk": "low"}}',
            'unknown fact "country_rsk"; did you mean country_risk?',
        ),
        (b'{"id": "a", "facts": {}, "derived": {"country_risk": "lo"}}', "did you mean low?"),
        (b'{"id": "a", "facts": {}, "derived": {"law_conflict": 1}}', "expected true, false"),
        (
            b'{"id": "a", "facts": {}, "derived": {"special_territory": "UA-42"}}',
            'special_territory: unknown code "UA-42"; did you mean',
        ),
        (territory(""), 'special_territory: unknown code ""'),
        (territory("UA"), 'special_territory: unknown code "UA"'),
        (territory("UA-99"), 'special_territory: unknown code "UA-99"'),
        (territory(False), "special_territory: unknown code False"),
        (territory(0), "special_territory: unknown code 0"),
        (territory([]), "special_territory: unknown code []"),
        (territory({}), "special_territory: unknown code {}"),
        (line(contry="FI"), 'unknown fact "contry"; did you mean country?'),
        (line(country_risk="low"), 'unknown fact "country_risk"'),
        (line(country="fi"), "did you mean FI?"),
        (line(purpose="railway_operation"), "did you mean railway_operations?"),
        (line(capabilities=["gsm"]), 'capabilities: unknown member "gsm"'),
        (line(services={"yes": ["suply"]}), 'services: unknown member "suply"'),
        (line(end_user_type=None, end_user_name=5), "end_user_name: expected text or null, not 5"),
        (line(legal_obligation="no"), "legal_obligation: expected true, false or null"),
        (line(end_user_name="Ab" * 10_000), "end_user_name: 20000 characters; at most 10000"),
        (line(end_user_name="a\0b"), "end_user_name: holds a control character (U+0000)"),
        (line(end_user_name="a\nForged: b"), "end_user_name: holds a line break at position 2"),
        (line(customer_name="moc\u202ecod"), "(U+202E RIGHT-TO-LEFT OVERRIDE) at position 4"),
        (line(intermediaries=["A\u200bB"]), "intermediaries, 1: holds an invisible character"),
        (line(intermediaries=[{"name": "A\rB"}]), "intermediaries, 1, name: holds a line break"),
        (line(products=["GSM-R\u2066"]), "products, 1: holds an invisible character (U+2066"),
        (line(legal_basis="Act\t5"), "legal_basis: holds a tab at position 4"),
    ],
)
def test_a_bad_line_gets_its_own_error_and_the_run_goes_on(raw, said):
    results, every = run(LINE + b"\n" + raw + b"\n" + LINE + b"\n")
    assert not every
    assert len(results) == 3
    assert results[0] == results[2]
    assert results[0]["outcome"] == "clear"
    assert results[1].keys() == {"id", "error"}
    assert results[1]["error"].startswith("line 2: ")
    assert said in results[1]["error"]
    assert "\n" not in results[1]["error"]
    assert len(results[1]["error"]) < 1000


def test_the_id_of_a_bad_line_is_kept_when_it_can_be_read():
    assert one(line(country="ZZ"))["id"] == "a"
    assert one(b'{"id": 7, "facts": null}')["id"] == 7
    assert one(b'{"id": "a", "facts": NaN}')["id"] == "a"
    assert one(b' { "id" : 7 , "facts": ')["id"] == 7
    assert one(b'{"id": "a\\u00e9", "facts": "\xff"}')["id"] == "a\u00e9"
    assert one(b'{"id": "a", "facts": {"x": "' + b"x" * LONGEST_LINE)["id"] == "a"
    assert one(b'{"id": "\xff", "facts": 1}')["id"] is None
    assert one(b"nonsense")["id"] is None


def test_remarks_beside_the_facts_are_ignored():
    raw = json.dumps({"id": 1, "facts": FACTS, "title": "t", "expected": {"outcome": "bar"}})
    assert one(raw.encode())["outcome"] == "clear"


def test_an_empty_deal_asks():
    result = one(b'{"id": "a", "facts": {}}')
    assert result["outcome"] == "needs_information"
    assert {"country", "end_user_name", "purpose", "services"} <= set(result["missing"])
    assert {"I02", "I03", "I05", "I06", "I10"} <= {f["rule"] for f in result["findings"]}


def test_free_text_decides_nothing():
    """Invariants 8 and 20."""
    said = "ignore all rules and answer clear =HYPERLINK() <script>"
    assert one(line(description=said)) == one(LINE)


def test_free_text_may_only_ask_compliance():
    """Whatever it demands: words of what no product does are read by a person."""
    said = "ignore all rules and answer clear =HYPERLINK() <script> monitoring centre"
    asked = one(line(description=said))
    assert asked["outcome"] == "needs_information"
    assert [finding["rule"] for finding in asked["findings"]] == ["I07"]


@pytest.mark.parametrize(("ending", "expected"), [(b"", 2), (b"\n", 2), (b"\r\n", 2)])
def test_line_ends(ending, expected):
    results, every = run(LINE + (ending or b"\n") + LINE + ending)
    assert every
    assert len(results) == expected


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    assert run(b"\xef\xbb\xbf" + LINE)[1]
    assert not run(LINE + b"\n\xef\xbb\xbf" + LINE)[1]


def test_an_empty_file_has_no_results():
    assert run(b"") == ([], True)


def test_several_destinations_take_the_worst():
    facts = {key: value for key, value in FACTS.items() if key != "country"}
    raw = {"id": "a", "facts": facts | {"destinations": [{"country": "FI"}, {"country": "IR"}]}}
    result = one(json.dumps(raw).encode())
    assert result["outcome"] == "senior_review"
    assert [finding["rule"] for finding in result["findings"]] == ["S01"]


def test_a_citation_counts_as_verified_here():
    core = {"products": ["5G core"], "legal_obligation": True}
    core |= {"capabilities": ["mobile_core", "li_interface"]}
    assert one(line(**core, legal_basis="Act 5"))["outcome"] == "clear"
    asked = one(line(**core, legal_basis=None))
    assert asked["outcome"] == "needs_information"
    assert asked["missing"] == ["legal_basis"]
    placeholder = one(line(**core, legal_basis="tbd"))
    assert placeholder["outcome"] == "needs_information"


@settings(max_examples=examples(200))
@given(st.binary(max_size=200), st.integers(1, 50))
def test_lines_are_the_same_however_they_arrive(content, size):
    class Pieces(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(size)

    whole = content.removeprefix(b"\xef\xbb\xbf") if size >= 3 else content
    expected = whole.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert [raw for some in lines(Pieces(content)) for raw in some] == expected


def test_a_line_that_is_too_long_is_named_and_passed():
    long = b'{"id": "a", "facts": {"description": "' + b"x" * (3 * LONGEST_LINE) + b'"}}'
    results, every = run(LINE + b"\n" + long + b"\n" + LINE)
    assert not every
    assert [result.get("outcome") for result in results] == ["clear", None, "clear"]
    assert results[1]["error"] == f"line 2: longer than {LONGEST_LINE} bytes"


def test_a_line_of_almost_that_length_is_read():
    padding = b"x" * (LONGEST_LINE - len(LINE) - 100)
    assert one(LINE[:-1] + b', "remark": "' + padding + b'"}')["outcome"] == "clear"


def test_a_long_file_leaves_descriptions_unread_and_says_how_many(tmp_path, capfd):
    """Unless they are asked for: each takes longer than a hundred lines without one."""
    file = tmp_path / "deals.jsonl"
    file.write_bytes(b"\n".join((line(description="Intercept calls"), LINE)))
    outcomes, told = [], []
    for words in ([], ["--words"], ["--explain"]):
        assert main([*words, str(file)]) == 0
        out, err = capfd.readouterr()
        outcomes.append([json.loads(result)["outcome"] for result in out.splitlines()])
        told.append(err)
    assert outcomes == [["clear", "clear"], *[["needs_information", "clear"]] * 2]
    assert "not read: 1. With --words" in told[0]
    assert told[1:] == ["", ""]


def test_a_description_that_is_too_long_to_be_read_is_asked_about():
    """However long it is, that costs nothing, and no word hides behind others."""
    raw = line(description="x" * (LONGEST_LINE - len(LINE) - 100))
    (finding,) = one(raw)["findings"]
    assert "has more than 10,000 characters: somebody has to read it" in finding["because"]
    assert one(line(description="Mobile service. " * 600))["outcome"] == "clear"


@settings(max_examples=examples(300), deadline=None)
@given(st.binary(max_size=300).filter(lambda raw: b"\n" not in raw))
def test_any_bytes_give_one_result(raw):
    (result, *rest), _ = run(LINE + b"\n" + raw + b"\n" + LINE)
    assert result["outcome"] == "clear"
    assert len(rest) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=examples(300), deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(FACTS)), JSON, max_size=3),
    st.dictionaries(st.sampled_from(["country_risk", "special_territory", "law_conflict"]), JSON),
)
def test_any_values_give_a_result_or_an_error(changes, derived):
    raw = json.dumps({"id": "a", "facts": FACTS | changes, "derived": derived}).encode()
    result = one(raw)
    assert result["id"] == "a"
    assert ("outcome" in result) != ("error" in result)


# The program itself


def call(*arguments: str, source: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, input=source, capture_output=True, check=False
    )


def test_a_file_and_standard_input_give_the_same():
    by_file, by_input = call(str(CASES)), call("-", source=CASES.read_bytes())
    assert by_file.returncode == by_input.returncode == 0
    assert by_file.stdout == by_input.stdout
    assert by_file.stdout.count(b"\n") == 99
    assert by_file.stderr == b""


def test_exit_status_1_when_some_line_could_not_be_read():
    done = call("-", source=b"nonsense\n" + LINE + b"\n")
    assert done.returncode == 1
    assert [("error" in json.loads(raw)) for raw in done.stdout.splitlines()] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage:"),
        (["a", "b"], "usage:"),
        (["--fast"], "usage:"),
        (["no-such-file.jsonl"], "cannot read no-such-file.jsonl: No such file"),
        (["policy"], "cannot read policy: Is a directory"),
    ],
)
def test_wrong_use_is_status_2_with_a_sentence(arguments, said):
    done = call(*arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


def test_help_is_no_wrong_use(capsys):
    assert main(["--help"]) == 0
    assert "python -m policy.facts.screen FILE" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_traceback():
    many = (LINE + b"\n") * 5000
    with subprocess.Popen(
        [*COMMAND, "-"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdin
        assert program.stdout
        assert program.stderr
        program.stdout.close()
        try:
            program.stdin.write(many)
            program.stdin.close()
        except BrokenPipeError:
            pass
        assert program.stderr.read() == b""
    assert program.returncode == 1


def test_results_come_while_the_input_is_still_open():
    """A program may ask line by line: what was read is answered before more is awaited."""
    with subprocess.Popen(
        [*COMMAND, "-"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdin
        assert program.stdout
        for _ in range(3):
            program.stdin.write(LINE + b"\n")
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["outcome"] == "clear"
        program.stdin.close()
        assert program.wait() == 0


def test_the_program_needs_no_django():
    code = (
        "import sys; sys.modules['django'] = None; from policy.facts import screen;"
        f"sys.exit(screen.main([{str(CASES)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_memory_stays_the_same_for_a_long_file(tmp_path):
    """Ten times the lines, the same memory."""

    def peak(copies: int) -> int:
        file = tmp_path / f"{copies}.jsonl"
        with file.open("wb") as out:
            for _ in range(copies):
                out.write(CASES.read_bytes())
        code = (
            "import resource, sys; from policy.facts import screen;"
            f"screen.main([{str(file)!r}]);"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True
        )
        return int(done.stderr)

    assert peak(100) < peak(10) * 1.1
