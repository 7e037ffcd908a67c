//! Flows recovered from small programs, printed one node or edge a line.

mod streams;

use expect_test::{Expect, expect};

use crate::analyzers::fixture;
use crate::model::{Flow, Manifest};

fn flows(text: &str) -> Vec<Flow> {
    flows_with(text, Vec::new())
}

fn flows_with(text: &str, manifests: Vec<Manifest>) -> Vec<Flow> {
    fixture::project(vec![fixture::python("m.py", text)], manifests).flows.into_inner()
}

/// The nodes of the first program with what each carries, then all edges that are not `seq`.
#[track_caller]
fn program(text: &str, expected: Expect) {
    let text = format!("import sglang as sgl\nfrom sglang import function, gen\n{text}");
    let flows = flows(&text);
    let flow = flows.iter().find(|flow| flow.kind.as_ref() == "program").expect("a program");
    let mut lines = String::new();
    for node in &flow.nodes {
        let shown = [
            "name", "role", "value", "choices", "code", "test", "header", "count", "group", "size",
            "index", "mode", "callee", "reads", "via",
        ];
        let data: Vec<String> = shown
            .iter()
            .filter_map(|key| Some((key, node.data.get(*key)?)))
            .filter(|(_, value)| {
                !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty())
            })
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let stream = node.text("stream").unwrap_or_default();
        lines += format!("{} {stream} {} {}", node.id, node.kind, data.join(" ")).trim_end();
        lines += "\n";
    }
    for edge in flow.edges.iter().filter(|edge| edge.kind.as_ref() != "seq") {
        let label = edge.label.as_deref().unwrap_or_default();
        lines += format!("{} -> {} {} {label}", edge.from, edge.to, edge.kind).trim_end();
        lines += "\n";
    }
    for remark in &flow.diagnostics {
        lines += &format!("{} line {}\n", remark.code, remark.line);
    }
    expected.assert_eq(&lines);
}

#[test]
fn chains_roles_and_folding() {
    program(
        "RULES = 'Be brief.'
@function
def p(s, topic):
    s += sgl.system(RULES)
    s += 'a' + 'b' + topic + gen('x', max_tokens=3) + s['x'] + str(topic)
    with s.user():
        s += gen('c', choices=['y', 'n'])
",
        expect![[r#"
            n0 main Entry name="p"
            n1 main RoleBegin role="system"
            n2 main Text value="Be brief."
            n3 main RoleEnd role="system"
            n4 main Text value="ab"
            n5 main Arg name="topic"
            n6 main Gen name="x"
            n7 main VarRef name="x"
            n8 main PyText code="str(topic)" reads=["arg:topic"]
            n9 main RoleBegin role="user"
            n10 main Select name="c" role="user" choices=["y","n"]
            n11 main RoleEnd role="user"
            n12 main Exit
            n6 -> n7 data x
            T005 line 8
        "#]],
    );
}

#[test]
fn branches_loops_and_what_tracing_loses() {
    program(
        "@sgl.function
def p(s, n):
    s += gen('k')
    if s['k'] == 'a':
        s += 'A'
    elif 'k' in s:
        return
    for i in range(3):
        s += gen(f'v_{i}')
        if n:
            break
    while True:
        s += gen('w') + s['w']
",
        expect![[r#"
            n0 main Entry name="p"
            n1 main Gen name="k"
            n2 main Branch test="s['k'] == 'a'" reads=["var:k"]
            n3 main Text value="A"
            n4 main Branch test="'k' in s" reads=["var:k"]
            n5 main Return
            n6 main Loop header="i in range(3)" count=3
            n7 main Gen name="v_{i}"
            n8 main Branch test="n" reads=["arg:n"]
            n9 main Loop header="True"
            n10 main Gen name="w"
            n11 main VarRef name="w"
            n12 main Exit
            n2 -> n3 ctrl true
            n2 -> n4 ctrl false
            n4 -> n5 ctrl true
            n4 -> n6 ctrl false
            n6 -> n7 ctrl body
            n8 -> n6 ctrl back
            n6 -> n9 ctrl exit
            n8 -> n9 ctrl true
            n9 -> n10 ctrl body
            n11 -> n9 ctrl back
            n1 -> n2 data k
            n1 -> n4 data k
            n10 -> n11 data w
            T001 line 6
            T001 line 8
        "#]],
    );
}

#[test]
fn forks_joins_and_copies() {
    program(
        "@function
def p(s, n):
    fs = s.fork(2)
    fs += lambda i: 'tip ' + str(i)
    for i, f in enumerate(fs):
        f += gen(f't{i}')
    fs.join()
    s += fs[1]['t1']
    for g in s.fork(n):
        g += gen('u')
    with s.copy() as c:
        c += gen('z')
",
        expect![[r#"
            n0 main Entry name="p"
            n1 main Fork group="fs" size=2
            n2 fs[0] ForkItem index=0
            n3 fs[1] ForkItem index=1
            n4 fs[0] Text value="tip 0"
            n5 fs[1] Text value="tip 1"
            n6 fs[0] Gen name="t0"
            n7 fs[1] Gen name="t1"
            n8 main Join group="fs" mode="gather_variable"
            n9 main VarRef name="t1"
            n10 main Fork group="fork" size="n"
            n11 fork[*] ForkItem index="*"
            n12 fork[*] Gen name="u"
            n13 main Fork group="c" size=1
            n14 c[0] ForkItem index=0
            n15 c[0] Gen name="z"
            n16 main Join group="c" mode="gather_variable"
            n17 main Exit
            n1 -> n2 fork
            n1 -> n3 fork
            n6 -> n8 join
            n7 -> n8 join
            n10 -> n11 fork
            n13 -> n14 fork
            n15 -> n16 join
            n7 -> n9 data t1
            T003 line 9
            T004 line 13
        "#]],
    );
}

#[test]
fn helpers_and_other_programs() {
    program(
        "@function
def p(s, q):
    s = intro(s, q)
    s += shape('x')
    r = other.run(q=q)
    again(s, 2)

def intro(s, who):
    s += 'For ' + who
    return s

def shape(name):
    return 'say ' + gen(name)

def again(s, n):
    s += gen('turn')
    again(s, n - 1)

@function
def other(s, q):
    s += q
",
        expect![[r#"
            n0 main Entry name="p"
            n1 main Text value="For " via=["m.intro"]
            n2 main Arg name="q" via=["m.intro"]
            n3 main Text value="say " via=["m.shape"]
            n4 main Gen name="x" via=["m.shape"]
            n5 main Call callee="m.other" reads=["arg:q"]
            n6 main Gen name="turn" via=["m.again"]
            n7 main Call callee="m.again" via=["m.again"]
            n8 main Exit
        "#]],
    );
}

#[test]
fn loops_leave_by_break_past_their_else() {
    program(
        "@function
def p(s, items):
    i = 0
    for it in items:
        s += f'try {i}' + gen('a')
        i += 1
        if s['a'] == 'ok':
            break
    else:
        s += 'never'
    s['n'] = i
    s['n'] += 1
",
        expect![[r#"
            n0 main Entry name="p"
            n1 main Loop header="it in items" reads=["arg:items"]
            n2 main PyText code="f'try {i}'"
            n3 main Gen name="a"
            n4 main Branch test="s['a'] == 'ok'" reads=["var:a"]
            n5 main Text value="never"
            n6 main SetVar name="n" code="i"
            n7 main SetVar name="n" code="s['n'] + 1" reads=["var:n"]
            n8 main Exit
            n1 -> n2 ctrl body
            n4 -> n1 ctrl back
            n1 -> n5 ctrl exit
            n4 -> n6 ctrl true
            n3 -> n4 data a
            n6 -> n7 data n
            T001 line 9
        "#]],
    );
}

#[test]
fn unpacked_forks_runs_methods_and_defaults() {
    program(
        "LIMIT = 5
HEAD = 'Be ' + 'brief. '
CHOICES = ['a', 'b']

class Agent:
    def ask(self, s, text, tokens=LIMIT):
        s += text + gen('answer', max_tokens=tokens)

@function
def p(s, q):
    s += f'{HEAD}Now.'
    left, right = s.fork(2)
    left += gen('l')
    right += gen('r', choices=CHOICES)
    s += left['l'] + right['r']
    agent = Agent()
    agent.ask(s, q)
    r = other.run(q=s['answer'])
    s += r['z'] + sgl.user() + gen(None, 7, 1, stop='.')

@function
def other(s, q):
    s += q + gen('z')
",
        expect![[r#"
            n0 main Entry name="p"
            n1 main Text value="Be brief. Now."
            n2 main Fork group="fork" size=2
            n3 fork[0] ForkItem index=0
            n4 fork[1] ForkItem index=1
            n5 fork[0] Gen name="l"
            n6 fork[1] Select name="r" choices=["a","b"]
            n7 main VarRef name="l"
            n8 main VarRef name="r"
            n9 main Arg name="q" via=["m.Agent.ask"]
            n10 main Gen name="answer" via=["m.Agent.ask"]
            n11 main Call callee="m.other" reads=["var:answer"]
            n12 main VarRef name="z"
            n13 main RoleBegin role="user"
            n14 main RoleEnd role="user"
            n15 main Gen
            n16 main Exit
            n2 -> n3 fork
            n2 -> n4 fork
            n5 -> n7 data l
            n6 -> n8 data r
            n10 -> n11 data answer
            n11 -> n12 data z
        "#]],
    );
}

#[test]
fn handlers_and_cases_are_ways_of_their_own() {
    program(
        "@function
def p(s, kind):
    s += gen('n')
    try:
        n = int(s['n'])
    except ValueError:
        n = 0
    if n:
        s += 'some'
    match kind:
        case 'x':
            s += 'X'
        case 'y' if n:
            s += 'Y'
        case _:
            s += gen('rest')
    try:
        s += gen('t')
    except KeyError:
        s += 'failed'
        return
    s += 'end'
",
        expect![[r#"
            n0 main Entry name="p"
            n1 main Gen name="n"
            n2 main Branch test="n" reads=["var:n"]
            n3 main Text value="some"
            n4 main Branch test="kind matches 'x'" reads=["arg:kind"]
            n5 main Text value="X"
            n6 main Branch test="kind matches 'y' if n" reads=["arg:kind","var:n"]
            n7 main Text value="Y"
            n8 main Gen name="rest"
            n9 main Gen name="t"
            n10 main Text value="failed"
            n11 main Return
            n12 main Text value="end"
            n13 main Exit
            n2 -> n3 ctrl true
            n2 -> n4 ctrl false
            n4 -> n5 ctrl true
            n4 -> n6 ctrl false
            n6 -> n7 ctrl true
            n6 -> n8 ctrl false
            n1 -> n2 data n
            n1 -> n6 data n
            T001 line 10
        "#]],
    );
}

#[test]
fn a_convention_file_names_the_words_of_another_language() {
    let text = "from tiny import program, ask, pick, human

@program
def p(s, q):
    s += human(q) + ask('x', stop='.') + pick('y', ['a', 'b'])
";
    let convention = "[[prompt-language]]
function = 'tiny.program'
words = { 'tiny.ask' = 'gen', 'tiny.pick' = 'select', 'tiny.human' = 'user' }
";
    let manifest =
        Manifest { path: ".metascope/conventions/tiny.toml".into(), text: convention.into() };
    assert!(flows_with(text, Vec::new()).is_empty(), "unknown without the file");
    let flows = flows_with(text, vec![manifest]);
    let kinds: Vec<&str> = flows[0].nodes.iter().map(|node| &*node.kind).collect();
    assert_eq!(kinds, ["Entry", "RoleBegin", "Arg", "RoleEnd", "Gen", "Select", "Exit"]);
}

const TASKS: &str = "
REGISTRY = {}
def task(f):
    REGISTRY[f.__name__] = f
    return f
def workflow(f): return f
@task
def load(n: int): ...
@task
def work(data, k=1): ...
@task
def tell(text): ...
";

/// The edges of the first workflow, its stages and its diagnostics.
#[track_caller]
fn workflow(text: &str, expected: Expect) {
    let flows = flows(&format!("{TASKS}{text}"));
    let flow = flows.iter().find(|flow| flow.kind.as_ref() == "workflow").expect("a workflow");
    let mut lines = String::new();
    for edge in &flow.edges {
        lines += &format!("{} -> {} {}\n", edge.from, edge.to, edge.kind);
    }
    let stages: Vec<String> = flow.stages.iter().map(|stage| stage.join(" ")).collect();
    lines += &format!("{}\n", stages.join(" | "));
    let offset = TASKS.lines().count() as u32;
    for remark in &flow.diagnostics {
        lines += &format!("{} line {}\n", remark.code, remark.line - offset);
    }
    expected.assert_eq(&lines);
}

#[test]
fn workflow_edges_by_kind() {
    workflow(
        "@workflow
def w(n):
    'What it does.'
    a = load(n)
    with parallel():
        b = work(a.output)
        with sequential():
            work({'x': [a.output.y[0], 1]}, k=2)
            tell('done')
    with conditional(b.success and a.output in [1, 2]):
        c = work(b.output)
    with error_handler():
        tell(current_error.message)
    return c
",
        expect![[r#"
            a -> b data
            a -> work#2 data
            work#2 -> tell#1 order
            b -> c data
            b -> c control
            a -> c control
            a -> tell#2 error
            b -> tell#2 error
            work#2 -> tell#2 error
            tell#1 -> tell#2 error
            c -> tell#2 error
            tell#1 -> c order
            a | b work#2 | tell#1 | c | tell#2
        "#]],
    );
}

#[test]
fn every_diagnostic_has_its_line() {
    workflow(
        "@workflow
def w(n):
    for i in n: pass
    unknown(1)
    with conditional(n, 1):
        a = load(n)
    with conditional(n > 1):
        b = load(n)
    b = load(2)
    with error_handler():
        tell('x')
    with error_handler():
        tell('y')
    c = work()
    d = work(a, z=1)
    e = tell(current_error.type)
    f = tell(missing.output)
    return f
",
        expect![[r#"
            a -> tell#1 error
            b -> tell#1 error
            b -> tell#1 error
            a -> b order
            b -> b order
            tell#2 -> c order
            c -> d order
            d -> e order
            e -> f order
            a tell#2 | b c | b d | tell#1 e | f
            W001 line 3
            W002 line 4
            W003 line 5
            W004 line 7
            W006 line 9
            W005 line 12
            W007 line 14
            W008 line 15
            W007 line 15
            W009 line 16
            W010 line 17
        "#]],
    );
}

/// Each code with a workflow that earns it, by its line, and one much like it that does not.
#[test]
fn each_code_has_its_bounds() {
    let codes = |body: &str| {
        let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
        let flows = flows(&format!("{TASKS}@workflow\ndef w(n):\n{body}"));
        let flow = flows.iter().find(|flow| &*flow.kind == "workflow").expect("a workflow");
        let first = TASKS.lines().count() as u32 + 2;
        let code = |one: &crate::model::FlowDiagnostic| (one.code.to_string(), one.line - first);
        flow.diagnostics.iter().map(code).collect::<Vec<(String, u32)>>()
    };
    let load = "a = load(n)\n";
    for (code, line, bad, good) in [
        ("W001", 2, "while n:\n    tell('x')", "with sequential():\n    tell('x')"),
        ("W001", 2, "b = c = load(1)", "b = load(1)\nc = load(1)"),
        ("W001", 2, "tell(n + 1)", "tell(n)"),
        ("W001", 3, "with parallel():\n    return a.output", "return a.output"),
        ("W002", 2, "b = print(n)\ntell(b.output)", "b = load(n)\ntell(b.output)"),
        (
            "W003",
            2,
            "with conditional():\n    tell('x')",
            "with conditional(a.failed):\n    tell('x')",
        ),
        (
            "W004",
            2,
            "with conditional(n > 1):\n    tell('x')",
            "with conditional(a.output > n):\n    tell('x')",
        ),
        (
            "W005",
            3,
            "with parallel():\n    with error_handler():\n        tell('x')",
            "with error_handler():\n    tell('x')",
        ),
        ("W006", 2, "a = load(2)", "b = load(2)"),
        ("W006", 2, "n = load(2)", "m = load(2)"),
        ("W007", 2, "work()", "work(1)"),
        ("W007", 2, "work(1, 2, 3)", "work(1, 2)"),
        ("W007", 2, "work(1, j=2)", "work(1, k=2)"),
        ("W007", 2, "work(1, data=2)", "work(k=1, data=2)"),
        ("W008", 2, "tell(a)", "tell(a.output)"),
        ("W008", 2, "tell(a.result)", "tell(a.output.result)"),
        (
            "W008",
            2,
            "with conditional(a):\n    tell('x')",
            "with conditional(a.success):\n    tell('x')",
        ),
        (
            "W009",
            2,
            "tell(current_error.type)",
            "with error_handler():\n    tell(current_error.type)",
        ),
        ("W010", 2, "tell(b.output)\nb = load(1)", "b = load(1)\ntell(b.output)"),
        (
            "W010",
            2,
            "with conditional(b.success):\n    tell('x')",
            "with conditional(not a.success):\n    tell('x')",
        ),
    ] {
        assert_eq!(codes(&format!("{load}{bad}")), [(code.to_string(), line)], "{bad}");
        assert_eq!(codes(&format!("{load}{good}")), [], "{good}");
    }
}
