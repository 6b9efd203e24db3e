"""Rules about the repository itself; each names the file that breaks it."""

import ast
import re
import subprocess
import tomllib

import pytest

from config.devtools.embedded import ROOT
from screening import recording
from tests.writers import writers

APPS = ("audit", "jobs", "people", "policy", "screening", "reviews")
PACKAGES = (*APPS, "config")


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def code():
    """The program's own modules: name and syntax tree."""
    for path in tracked("*.py"):
        name = str(path.relative_to(ROOT))
        if name.split("/")[0] in PACKAGES:
            yield name, ast.parse(path.read_text(), name)


def found_in_code(wanted):
    return [
        f"{name}:{node.lineno}" for name, tree in code() for node in ast.walk(tree) if wanted(node)
    ]


def files_where(wanted):
    return {line.partition(":")[0] for line in found_in_code(wanted)}


# --- What the rules look for ---------------------------------------------------------------------


def imports(node, *modules):
    """Whether the statement imports one of these modules, or something of them."""
    match node:
        case ast.Import(names=names):
            taken = [one.name for one in names]
        case ast.ImportFrom(module=module, names=names, level=0):
            taken = [f"{module}.{one.name}" for one in names]
        case _:
            return False
    return any(f"{one}.".startswith(f"{module}.") for one in taken for module in modules)


def uses_signals(node):
    return imports(node, "django.db.models.signals", "django.dispatch", "django.core.signals")


def reads_environment(node):
    if imports(node, "os.environ", "os.getenv", "os.environb", "os.putenv"):
        return True
    match node:
        case ast.Attribute(attr="environ" | "environb" | "getenv" | "putenv"):
            return True
    return False


def swallows(node):
    """Everything is caught, or nearly everything and nothing is done about it."""
    broad = {"Exception", "BaseException"}
    match node:
        case ast.ExceptHandler(type=None):
            return True
        case ast.ExceptHandler(type=kind, body=body):
            caught = kind.elts if isinstance(kind, ast.Tuple) else [kind]
            quiet = all(
                isinstance(step, ast.Pass | ast.Continue)
                or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
                for step in body
            )
            return quiet and any(ast.unparse(one).split(".")[-1] in broad for one in caught)
        case ast.Call(func=called, args=arguments):
            is_suppress = ast.unparse(called).split(".")[-1] == "suppress"
            return is_suppress and any(ast.unparse(one) in broad for one in arguments)
    return False


def declares_safe(node):
    names = {"mark_safe", "SafeString", "SafeText", "__html__"}
    return getattr(node, "id", getattr(node, "attr", getattr(node, "name", ""))) in names


def writes_fields_nobody_listed(node):
    """`fields = "__all__"` or `exclude = …` of a form or serializer, a factory's included."""
    match node:
        case ast.Assign(targets=targets, value=value):
            names, values = {getattr(one, "id", "") for one in targets}, [value]
        case ast.AnnAssign(target=target, value=value):
            names, values = {getattr(target, "id", "")}, [value]
        case ast.keyword(arg=name, value=value) if ast.unparse(value) in {"'__all__'"}:
            return name == "fields"
        case _:
            return False
    everything = any(isinstance(one, ast.Constant) and one.value == "__all__" for one in values)
    return "exclude" in names or ("fields" in names and everything)


def speaks_to_celery(node):
    wanted = {"delay", "apply_async", "delay_on_commit", "apply_async_on_commit", "send_task"}
    return isinstance(node, ast.Attribute) and node.attr in wanted


def reads_a_page_once(node):
    """What a page that is still being loaded says is not what it will say; ``expect`` waits."""
    asked = {"title", "url", "is_visible", "is_hidden", "is_checked", "is_enabled", "is_disabled"}
    return isinstance(node, ast.Assert) and any(
        isinstance(one, ast.Attribute) and one.attr in asked for one in ast.walk(node.test)
    )


UNSAFE = re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape\s+off")
INLINE = re.compile(
    r"<style\b|\sstyle\s*=|\son[a-z]+\s*=|javascript:"
    r"|(?:src|href|action)=[\"']?(?:https?:)?//"
    r"|<script(?![^>]*\bsrc=)(?![^>]*type=.application/json)",
    re.IGNORECASE,
)


# Each rule beside what it must find: a rule that finds nothing would pass for ever.
FOUND = {
    uses_signals: [
        "from django.db.models.signals import post_save",
        "from django.db.models import signals",
        "import django.dispatch",
        "from django.dispatch import receiver",
    ],
    reads_environment: [
        "import os\nos.environ['X']",
        "from os import environ",
        "os.getenv('X')",
        "import os as system\nsystem.environ.get('X')",
        "from os import getenv as read",
    ],
    swallows: [
        "try: f()\nexcept: raise",
        "try: f()\nexcept Exception: pass",
        "try: f()\nexcept (ValueError, Exception): pass",
        "for x in y:\n    try: f()\n    except BaseException: continue",
        "try: f()\nexcept Exception: ...",
        "try: f()\nexcept builtins.Exception: pass",
        "with suppress(Exception): f()",
        "with contextlib.suppress(KeyError, Exception): f()",
    ],
    declares_safe: [
        "mark_safe(x)",
        "safestring.mark_safe(x)",
        "SafeString(x)",
        "class T:\n    def __html__(self): return self.x",
    ],
    writes_fields_nobody_listed: [
        "fields = '__all__'",
        "exclude = ('owner',)",
        "exclude: list[str] = []",
        "modelform_factory(Deal, fields='__all__')",
    ],
    speaks_to_celery: ["work.delay(1)", "work.apply_async((1,))", "app.send_task('x')"],
    reads_a_page_once: [
        "assert page.title().startswith('Error')",
        "assert page.url == address",
        "assert not page.locator('h1').is_visible()",
    ],
}
NOT_FOUND = {
    uses_signals: ["import signal", "from signal import SIGTERM"],
    reads_environment: ["env('X')", "import os"],
    swallows: [
        "try: f()\nexcept Exception: log()",
        "try: f()\nexcept KeyError: pass",
        "with suppress(KeyError): f()",
    ],
    declares_safe: ["safe = escape(x)"],
    writes_fields_nobody_listed: [
        "fields = ('name',)",
        "fields = [f for f in meta]",
        "rows.exclude(pk=1)",
    ],
    speaks_to_celery: ["work(1)"],
    reads_a_page_once: ["expect(page).to_have_title('Error')", "assert page.content()"],
}
INLINE_EXAMPLES = (
    "<style>a{}</style>",
    '<p style="color:red">',
    '<a onclick="f()">',
    '<a href="javascript:f()">',
    "<script>f()</script>",
    '<script type="module">f()</script>',
    '<img src="//cdn.example/x.png">',
    '<form action="https://elsewhere.example/">',
    "<link href='http://x.example/a.css'>",
    "<P STYLE='x'>",
)


def found_in(text, wanted):
    return [node for node in ast.walk(ast.parse(text)) if wanted(node)]


@pytest.mark.parametrize(
    ("rule", "text"),
    [(rule, text) for rule, texts in FOUND.items() for text in texts],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_each_rule_finds_what_it_forbids(rule, text):
    assert found_in(text, rule)


@pytest.mark.parametrize(
    ("rule", "text"),
    [(rule, text) for rule, texts in NOT_FOUND.items() for text in texts],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_each_rule_finds_nothing_else(rule, text):
    assert not found_in(text, rule)


def test_the_rules_about_templates_find_what_they_forbid():
    assert [text for text in INLINE_EXAMPLES if not INLINE.search(text)] == []
    for text in (
        "{{ x|safe }}",
        "{{ x | safe }}",
        "{{ x|safeseq|join:', ' }}",
        "{% autoescape off %}",
    ):
        assert UNSAFE.search(text)
    for text in (
        '<script src="/x.js" defer></script>',
        '<a href="/deals/">',
        "{{ x|safely }}",
        '<script type="application/json">',
        '<p class="style">',
    ):
        assert not INLINE.search(text)
        assert not UNSAFE.search(text)


# --- The rules -----------------------------------------------------------------------------------


def test_code_and_templates_are_read():
    read = {name.split("/")[0] for name, _ in code()}
    assert read == set(PACKAGES)
    assert len(list(code())) > 60
    assert len(tracked("*.html")) > 30


def test_the_contracts_are_the_ones_of_the_design():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers, policy, engine, pure, servers = tool["contracts"]
    apps = ["config", "reviews", "screening", "policy", "people", "jobs", "audit"]
    assert layers["layers"] == apps
    floors = ["pages", "governance", "wording", "facts", "reference", "engine"]
    assert (policy["containers"], policy["layers"]) == (["policy"], floors)
    floors = ["proof", "readings", "language"]
    assert (engine["containers"], engine["layers"]) == (["policy.engine"], floors)
    assert pure["source_modules"] == ["policy.engine"]
    assert {"django", "rest_framework", "celery"} <= set(pure["forbidden_modules"])
    assert servers["forbidden_modules"][0] == "config.devtools.embedded"


def test_no_room_for_leftovers():
    rooms = {"utils", "util", "common", "helpers", "helper", "services", "service", "misc", "core"}
    named = [path for path in tracked("*.py") if rooms & {path.stem, *path.relative_to(ROOT).parts}]
    assert named == []


def test_no_signals():
    assert found_in_code(uses_signals) == []


def test_one_settings_file():
    names = {str(path.relative_to(ROOT)) for path in tracked("*/settings*.py")}
    assert names == {"config/settings.py", "tests/settings.py"}


def test_settings_alone_read_the_environment():
    allowed = {
        "config/settings.py",
        "config/devtools/embedded/__init__.py",
        "config/devtools/demo.py",
        "config/devtools/check.py",
        "config/devtools/bootstrap.py",
        "config/probe.py",
        "config/wsgi.py",
        "config/celery.py",
        # Whether a command has a database at all, before there are settings.
        "policy/governance/standalone.py",
    }
    # Equal: an exception that nobody needs any more is one too many.
    assert files_where(reads_environment) == allowed


def test_no_bare_except_and_none_that_passes():
    assert found_in_code(swallows) == []


def test_nothing_is_declared_safe_for_pages():
    """IN-6: marking text as safe is how stored text becomes a script."""
    # The map, whose words policy.pages.maps escapes one by one.
    assert files_where(declares_safe) == {"policy/pages/countries.py"}
    assert [path for path in tracked("*.html") if UNSAFE.search(path.read_text())] == []


def test_templates_hold_no_script_style_or_foreign_address():
    """The pages' policy has no nonce: whatever is inline would simply not run."""
    wrong = []
    for path in tracked("*.html"):
        text = path.read_text()
        text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.S)
        wrong += [f"{path.relative_to(ROOT)}: {hit}" for hit in INLINE.findall(text)]
    assert wrong == []


def test_forms_list_their_fields():
    """IN-3: a field that nobody thought of must not be writable."""
    assert found_in_code(writes_fields_nobody_listed) == []


def test_only_the_sweeper_speaks_to_celery():
    assert files_where(speaks_to_celery) == {"jobs/tasks.py"}


def test_tests_of_pages_wait_for_what_they_expect():
    """A test of a page must not depend on how busy the machine is."""
    hasty = [
        f"{path.name}:{node.lineno}"
        for path in tracked("tests/browser/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if reads_a_page_once(node)
    ]
    assert hasty == []


# Writes of an attribute `status` outside lifecycle.py, each with the reason why it is no deal's.
NO_DEAL = {
    ("jobs/models.py", "Job._if_running"): "the fields of a job, which has no status",
    ("screening/actions.py", "rule_fact"): "a ruling, which has no status",
    ("screening/mail.py", "_Blank.__init__"): "a blank that stands for a deal in a template",
    ("screening/parties/actions.py", "_ask"): "an easing, which has no status",
    ("screening/recording.py", "_follow"): "the fields of BESIDE, and status is none of them",
}


def test_the_status_of_a_deal_has_one_writer():
    """Nothing but lifecycle.move_all, in any variable and by any way that Python has."""
    found = {(name, place) for name, tree in code() for place in writers("status", tree)}
    lawful = {(name, place) for name, place in found if name == "screening/lifecycle.py"}
    assert lawful == {("screening/lifecycle.py", "move_all")}
    # Equal, so that the list of exceptions keeps nothing that is gone.
    assert found - lawful == set(NO_DEAL)
    assert "status" not in recording.BESIDE


@pytest.mark.parametrize(
    "text",
    [
        "deal.status = to",
        "found.status = S.CLEARED",
        "self.status = 'cleared'",
        "review.deal.status = 'cleared'",
        "one, two.status = pair",
        "one, (two, [three.status]) = triple",
        "deal.status: str = 'cleared'",
        "deal.status += 'x'",
        "for deal.status in all_of_them: pass",
        "with opened() as deal.status: pass",
        "del deal.status",
        "setattr(deal, 'status', to)",
        "setattr(deal, name, to)",
        "object.__setattr__(deal, 'status', to)",
        "deal.__dict__['status'] = to",
        "vars(deal)['status'] = to",
        "deal.__dict__.update(status=to)",
        "Deal.objects.filter(pk=1).update(status='cleared')",
        "Deal.objects.filter(\n    pk=pk,\n).exclude(\n    team=None,\n).update(\n    title='',\n"
        "    status='cleared',\n)",
        "rows = Deal.objects.all()\nrows.update(status=to)",
        "rows.update(**changes)",
        "rows.update(**{'status': to})",
        "rows.update(**{**changes})",
        "Deal.objects.bulk_update(deals, ['title', 'status'])",
        "Deal.objects.bulk_update(deals, fields=('status',))",
        "Deal.objects.bulk_update(deals, FIELDS)",
        "Deal.objects.create(owner=owner, status='cleared')",
        "Deal.objects.get_or_create(pk=1, defaults={'status': 'cleared'})",
        "Deal.objects.update_or_create(pk=1, defaults=values)",
        "rows.update(Deal, ('title', 'status'), values, was='title')",
        "rows.update(Deal, NAMES, values, was='title')",
        "cursor.execute('UPDATE screening_deal SET title = %s, status = %s')",
        "cursor.execute(f'update {table} set status = 1')",
        "async def f():\n    await rows.aupdate(status=to)",
        "class C:\n    def m(self, deal):\n        if deal:\n            deal.status = 1",
    ],
)
def test_every_way_to_write_a_status_is_found(text):
    assert writers("status", ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "if deal.status == to: pass",
        "status = deal.status",
        "Deal.objects.filter(status='draft').update(title='x')",
        "Deal.objects.update(title=deal.status)",
        "Deal.objects.bulk_update(deals, ['title', 'valid_until'])",
        "setattr(deal, 'title', deal.status)",
        "deal.status_words = 'x'",
        "HttpResponse(status=404)",
        "context['status'] = deal.status",
        "words.update(more)",
        "cursor.execute('SELECT status FROM screening_deal')",
        "rows.update(Deal, ('title',), values, was='status')",
    ],
)
def test_what_only_reads_a_status_is_not_found(text):
    assert not writers("status", ast.parse(text))


@pytest.mark.parametrize("name", ["image", "demo", "test", "check", "bench"])
def test_requirements_are_locked(name):
    """CF-6; and psycopg 3 would silently replace psycopg2."""
    text = (ROOT / f"requirements/{name}.txt").read_text()
    packages = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+(.*(?:\n    .*)*)", text, re.M | re.I)
    assert len(packages) > 20
    assert [package for package, rest in packages if "--hash=sha256:" not in rest] == []
    assert {"psycopg", "psycopg-binary", "psycopg-c"}.isdisjoint(package for package, _ in packages)
    assert ("psycopg2" if name == "image" else "psycopg2-binary") in dict(packages)


def test_larger_locks_contain_the_smaller_ones():
    def pins(name):
        text = (ROOT / f"requirements/{name}.txt").read_text()
        return set(re.findall(r"^[a-z0-9][a-z0-9._-]*==[^\s;]+", text, re.M | re.I))

    assert len(pins("demo")) > 20
    assert pins("demo") < pins("test") < pins("check")
    assert pins("test") < pins("bench")


def test_files_name_no_machine():
    """Nothing here may depend on, or tell of, the place where somebody worked."""
    # Written in two parts, so that this file does not hold what it looks for.
    words = (
        "/wo" + "rk/",
        "/ro" + "ot/",
        "/home/" + "runner",
        "pypi" + ".org",
        "find-" + "links",
        "index-" + "url",
        "registry." + "npmjs",
    )
    allowed = {"requirements/compile"}
    wrong = []
    assert len(tracked()) > 300
    for path in tracked():
        name = str(path.relative_to(ROOT))
        if name in allowed or path.suffix in {".png", ".xlsx", ".gz", ".woff2"}:
            continue
        text = path.read_text(errors="replace")
        wrong += [f"{name}: {word}" for word in words if word in text]
    assert wrong == []


def test_lines_of_templates_fit_a_screen():
    wide = {
        str(path.relative_to(ROOT))
        for path in tracked("templates")
        if any(len(line) > 119 for line in path.read_text().splitlines())
    }
    assert wide == set()


def deepest_if(text):
    """How many {% if %} lie in one another at most."""
    deepest = now = 0
    for word in re.findall(r"{%-?\s*(if|endif)\b", text):
        now += 1 if word == "if" else -1
        deepest = max(deepest, now)
    return deepest


def test_templates_decide_nothing_in_a_decision_in_a_decision():
    """Deeper, and nobody sees when a line is shown: Python prepares it, or a part gets a file."""
    one = "{% if a %}{% if b %}x{% else %}{% if c %}y{% endif %}{% endif %}{% endif %}"
    assert deepest_if(one) == 3
    assert deepest_if("{% if a %}{% elif b %}{% endif %}{% if c %}{% endif %}{# if #}") == 1
    deep = {
        str(path.relative_to(ROOT)): deepest_if(path.read_text())
        for path in tracked("templates/*")
        if path.suffix in (".html", ".txt")
    }
    assert {name: depth for name, depth in deep.items() if depth > 2} == {}


def test_templates_name_pages_instead_of_writing_addresses():
    typed = [
        f"{path.relative_to(ROOT)}: {address}"
        for path in tracked("templates/*.html")
        for address in re.findall(r'(?:href|action)="/[^"]*"', path.read_text())
    ]
    assert typed == []
