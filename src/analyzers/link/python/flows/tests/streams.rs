//! Variables that are read from streams and names that are known in part.

use super::*;

/// `from -> to label` of every data edge of the first program.
fn data_edges(text: &str) -> Vec<String> {
    let text = format!("import sglang as sgl\nfrom sglang import function, gen\n{text}");
    let flows = flows(&text);
    let flow = flows.iter().find(|flow| &*flow.kind == "program").expect("a program");
    let name = |id: &str| {
        let node = flow.nodes.iter().find(|node| &*node.id == id).expect("a node");
        let name = node.text("name").map(|name| format!(":{name}")).unwrap_or_default();
        format!("{}{name}", node.kind)
    };
    let data = flow.edges.iter().filter(|edge| &*edge.kind == "data");
    let show = |edge: &crate::model::FlowEdge| {
        let label = edge.label.as_deref().unwrap_or_default();
        format!("{} -> {} {label}", name(&edge.from), name(&edge.to))
    };
    data.map(show).collect()
}

#[test]
fn an_unknown_stream_of_a_fork_may_be_any_of_them() {
    let text = "@function
def p(s):
    forks = s.fork(2)
    for f in forks:
        f += gen('tip')
    for i in range(2):
        s += forks[i]['tip']
    best = max(range(2), key=lambda i: len(forks[i]['tip']))
    s += 'best: ' + str(best)
";
    assert_eq!(
        data_edges(text),
        [
            "Gen:tip -> VarRef:tip tip",
            "Gen:tip -> VarRef:tip tip",
            "Gen:tip -> PyText tip",
            "Gen:tip -> PyText tip",
        ]
    );
}

#[test]
fn names_known_in_part_meet_the_names_they_may_be() {
    let text = "@function
def p(s, docs):
    for i, d in enumerate(docs):
        s += d + gen(f'note_{i}')
    s += gen('other')
    s += s['note_0']
    for j in range(3):
        s += s[f'note_{j}']
";
    assert_eq!(
        data_edges(text),
        ["Gen:note_{i} -> VarRef:note_0 note_0", "Gen:note_{i} -> VarRef:note_{j} note_{j}"]
    );
}

#[test]
fn a_conditional_expression_of_the_language_is_a_branch() {
    let text = "@function
def p(s, flag):
    s += gen('ask')
    s += gen('a') if s['ask'] == 'yes' else 'no'
    s += 'x' if flag else 'y'
";
    let edges = data_edges(text);
    assert_eq!(edges, ["Gen:ask -> Branch ask"]);
    let text = format!("from sglang import function, gen\n{text}");
    let flow = flows(&text).remove(0);
    let kinds: Vec<&str> = flow.nodes.iter().map(|node| &*node.kind).collect();
    assert_eq!(kinds, ["Entry", "Gen", "Branch", "Gen", "Text", "PyText", "Exit"]);
    assert_eq!(flow.diagnostics.len(), 1);
}

#[test]
fn separate_reasoning_sets_a_variable_of_its_own() {
    let text = "@function
def p(s, q):
    s += sgl.user(q)
    s += sgl.assistant(sgl.separate_reasoning(gen('answer'), model_type='qwen3'))
    s += s['answer_reasoning_content'] + s['answer']
";
    assert_eq!(
        data_edges(text),
        [
            "Gen:answer -> VarRef:answer_reasoning_content answer_reasoning_content",
            "Gen:answer -> VarRef:answer answer",
        ]
    );
}
