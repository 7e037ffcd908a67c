use super::*;
use crate::model::{
    Block, CallEdge, CallGraph, CallNode, Certainty, EdgeKind, Flow, FlowEdge, FlowNode, Language,
    NodeKind, Project, RemoteOps, Split, Suspension, SuspensionKind,
};

fn graph(names: &[(&str, NodeKind)], calls: &[(u32, u32, Certainty)]) -> CallGraph {
    let nodes = names.iter().map(|(name, kind)| CallNode {
        name: (*name).into(),
        kind: *kind,
        file: None,
        line: None,
    });
    let edges = calls.iter().enumerate().map(|(at, (from, to, certainty))| CallEdge {
        from: *from,
        to: *to,
        file: "m.py".into(),
        line: at as u32 + 1,
        column: 1,
        kind: EdgeKind::Call,
        certainty: *certainty,
        why: "a call by name".into(),
    });
    CallGraph { nodes: nodes.collect(), edges: edges.collect(), unresolved: vec![] }
}

fn project() -> Project {
    use Certainty::{Exact, Possible};
    use NodeKind::{Builtin, Function, Module};
    let names = [
        ("<builtin>.print", Builtin),
        ("m", Module),
        ("m.first", Function),
        ("m.main", Function),
        ("m.second", Function),
    ];
    let calls = graph(
        &names,
        &[(1, 3, Exact), (2, 0, Exact), (3, 2, Exact), (3, 4, Possible), (4, 2, Exact)],
    );
    Project { root: "demo".into(), calls: calls.into(), ..Project::default() }
}

fn options(focus: &str, callers: usize, callees: usize) -> CallsOptions {
    let reach = super::super::neighbourhood::Reach { callers, callees, ..Default::default() };
    CallsOptions { focus: Some(focus.into()), reach }
}

#[test]
fn dot_names_every_function_once_and_marks_uncertain_calls() {
    let text = calls(&project(), Format::Dot, &CallsOptions::default()).unwrap();
    for name in ["m.first", "m.main", "m.second"] {
        assert_eq!(text.matches(&format!("label=\"{name}\"")).count(), 1, "{text}");
    }
    assert!(!text.contains("print"), "builtins are left out unless asked for: {text}");
    assert_eq!(text.matches(" -> ").count(), 4);
    assert_eq!(text.matches("style=dotted").count(), 1);
}

#[test]
fn a_focus_limits_the_reach_and_may_be_a_suffix() {
    let text = calls(&project(), Format::Mermaid, &options("first", 1, 0)).unwrap();
    assert!(text.contains("m.main") && text.contains("m.second") && text.contains("m.first"));
    assert!(!text.contains("\"m\""), "the module is two callers away: {text}");
    let unknown = calls(&project(), Format::Mermaid, &options("nobody", 1, 1)).unwrap_err();
    assert!(unknown.contains("nobody"));
}

#[test]
fn hostile_names_stay_inside_their_quotes() {
    let names = [("m.\"x\"]; a -> b<c>\u{1b}[31m&#\\", NodeKind::Function)];
    let project = Project { calls: graph(&names, &[]).into(), ..Project::default() };
    let all = CallsOptions::default();
    let dot = calls(&project, Format::Dot, &all).unwrap();
    assert!(dot.contains("\\\"x\\\"") && dot.contains("\\\\\""), "{dot}");
    let svg = calls(&project, Format::Svg, &all).unwrap();
    assert!(svg.contains("&quot;x&quot;") && svg.contains("&lt;c&gt;") && svg.contains("&amp;#"));
    let mermaid = calls(&project, Format::Mermaid, &all).unwrap();
    assert!(mermaid.contains("#quot;x#quot;") && mermaid.contains("#lt;c#gt;"));
    for text in [dot, svg, mermaid] {
        assert!(!text.contains('\u{1b}'));
    }
}

#[test]
fn svg_draws_each_box_and_each_head() {
    let svg = calls(&project(), Format::Svg, &options("m.main", 1, 2)).unwrap();
    assert_eq!(svg.matches("<rect class=\"node").count(), 4);
    assert_eq!(svg.matches("class=\"head\"").count() + svg.matches("class=\"hollow\"").count(), 4);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
}

fn block(id: u32, kind: &str, next: &[u32]) -> Block {
    Block {
        id,
        kind: kind.into(),
        lines: (id, id),
        live_in: vec![],
        live_out: vec![],
        next: next.to_vec(),
        suspends: None,
        resume_of: None,
        entry: id == 0,
        code: vec![format!("step {id}").into()],
    }
}

#[test]
fn splits_show_what_a_suspension_saves() {
    let suspension = Suspension {
        id: 7,
        line: 2,
        column: 1,
        end_line: 2,
        end_column: 9,
        kind: SuspensionKind::Call,
        target: "Item.price".into(),
        receiver: None,
        args: vec![],
        result: None,
        saves: vec!["amount".into()],
        spills: vec![],
    };
    let mut first = block(0, "entry", &[1]);
    first.suspends = Some(7);
    let mut second = block(1, "resume", &[]);
    second.resume_of = Some(7);
    let split = Split {
        function: "shop.User.buy".into(),
        language: Language::Python,
        file: "shop.py".into(),
        line: 1,
        receiver: None,
        inputs: vec![],
        suspensions: vec![suspension],
        blocks: vec![first, second],
        remote_ops: RemoteOps { min: 1, max: Some(1) },
        most_hops: vec![0, 1],
        hazards: vec![],
        fragments: 2,
        pieces: None,
        refused: None,
        future: None,
    };
    let project = Project { splits: vec![split].into(), ..Project::default() };
    let dot = splits(&project, Format::Dot, Some("User.buy")).unwrap();
    assert!(
        dot.contains(
            "n0_0 -> n0_1 [style=dashed, label=\"call Item.price [saves amount]\", penwidth=2.5]"
        ),
        "{dot}"
    );
    assert!(splits(&project, Format::Dot, Some("buys")).is_err());
}

#[test]
fn flows_label_their_edges_and_skip_unknown_ends() {
    let node = |id: &str, kind: &str, name: &str| FlowNode {
        id: id.into(),
        kind: kind.into(),
        line: 1,
        data: [("name".to_owned(), name.into())].into_iter().collect(),
    };
    let edge = |from: &str, to: &str, label: Option<&str>| FlowEdge {
        from: from.into(),
        to: to.into(),
        kind: "data".into(),
        label: label.map(Into::into),
    };
    let flow = Flow {
        name: "m.ask".into(),
        kind: "program".into(),
        file: "m.py".into(),
        line: 3,
        nodes: vec![node("a", "Gen", "answer"), node("b", "Exit", "")],
        edges: vec![edge("a", "b", Some("answer")), edge("a", "gone", None)],
        stages: vec![],
        diagnostics: vec![],
        program: None,
    };
    let project = Project { flows: vec![flow].into(), ..Project::default() };
    let mermaid = flows(&project, Format::Mermaid, None).unwrap();
    assert!(mermaid.contains("n0_0 -.->|\"answer\"| n0_1"), "{mermaid}");
    assert_eq!(mermaid.matches("-.->").count(), 1);
}
