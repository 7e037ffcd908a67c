//! Calls: callers and callees around a function, as layered boxes or as a tree.
//!
//! The list names every function; the graph is drawn around the selected one. While the graph has
//! the focus, motions go from box to box and `enter` puts a box in the middle.

mod export;
pub mod graph;
mod tree;

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use super::common::{named, qualified, why};
use crate::analyzers::layout::neighbourhood::Reach;
use crate::app::action::{Effect, Mouse};
use crate::app::canvas::Canvas;
use crate::app::command::{Command, Context};
use crate::app::commands::lists::Motion;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::memo::Memo;
use crate::app::model::{Focus, Model};
use crate::app::text::{self, Line, Role};
use crate::app::toast::Level;
use crate::app::{View, navigate};
use crate::model::{Certainty, Name, NodeId};
use graph::Scene;

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {
    pub reach: Reach,
    /// The tree instead of the boxes.
    pub tree: bool,
    /// The box the cursor is on, and the function the graph was drawn around when it went there.
    cursor: Option<(Name, Name)>,
    /// First column and row of the graph shown; kept by the code that draws.
    pub offset: Cell<(i32, i32)>,
    /// What the graph was last put in the middle for; kept by the code that draws.
    pub centred: Cell<Option<Centred>>,
    scene: Memo<graph::Key, Scene>,
    canvas: Memo<(graph::Key, usize), Canvas>,
    /// Where boxes stood last, by name: a save or a new focus moves as little as it can.
    previous: RefCell<FxHashMap<Name, i32>>,
}

/// A function, a reach and a pane's size.
pub type Centred = (NodeId, Reach, (u16, u16));

const HERE: &[Context] = &[Context::View(View::Calls)];

pub const COMMANDS: &[Command] = &[
    Command::new(
        "calls.tree",
        "Boxes or tree",
        "Show callers and callees as boxes or as a tree",
        HERE,
        &["t"],
        |m| change(m, |state| state.tree = !state.tree),
    )
    .footer(5),
    Command::new(
        "calls.more",
        "More callees",
        "Show one more level of callees",
        HERE,
        &["+"],
        |m| change(m, |state| state.reach.callees = (state.reach.callees + 1).min(9)),
    )
    .footer(6),
    Command::new(
        "calls.fewer",
        "Fewer callees",
        "Show one level of callees less",
        HERE,
        &["-"],
        |m| change(m, |state| state.reach.callees = state.reach.callees.saturating_sub(1)),
    ),
    Command::new(
        "calls.more-callers",
        "More callers",
        "Show one more level of callers",
        HERE,
        &[")"],
        |m| change(m, |state| state.reach.callers = (state.reach.callers + 1).min(9)),
    ),
    Command::new(
        "calls.fewer-callers",
        "Fewer callers",
        "Show one level of callers less",
        HERE,
        &["("],
        |m| change(m, |state| state.reach.callers = state.reach.callers.saturating_sub(1)),
    ),
    Command::new(
        "calls.externals",
        "Library calls",
        "Show calls of builtins and other packages, or leave them out",
        HERE,
        &["x"],
        |m| change(m, |state| state.reach.externals = !state.reach.externals),
    )
    .footer(12),
    Command::new(
        "calls.possible",
        "Possible calls",
        "Show calls that are only possible, or leave them out",
        HERE,
        &["p"],
        |m| change(m, |state| state.reach.possible = !state.reach.possible),
    ),
    Command::new(
        "calls.fold",
        "Fold modules",
        "Draw functions of other modules as their module",
        HERE,
        &["m"],
        |m| change(m, |state| state.reach.fold_modules = !state.reach.fold_modules),
    ),
    Command::new(
        "calls.export-svg",
        "Export as SVG",
        "Write the graph shown to an SVG file",
        HERE,
        &["os"],
        |m| export::write(m, crate::analyzers::layout::export::Format::Svg),
    ),
    Command::new(
        "calls.export-dot",
        "Export as DOT",
        "Write the graph shown to a Graphviz file",
        HERE,
        &["od"],
        |m| export::write(m, crate::analyzers::layout::export::Format::Dot),
    ),
    Command::new(
        "calls.export-mermaid",
        "Export as Mermaid",
        "Write the graph shown to a Mermaid file",
        HERE,
        &["om"],
        |m| export::write(m, crate::analyzers::layout::export::Format::Mermaid),
    ),
];

fn change(model: &mut Model, set: impl FnOnce(&mut State)) -> Vec<Effect> {
    set(&mut model.calls);
    model.touch(View::Calls);
    Vec::new()
}

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    let calls = &model.project.calls;
    let index = model.call_index();
    for (at, node) in calls.nodes.iter().enumerate() {
        let (Some(file), Some(line)) = (&node.file, node.line) else { continue };
        tree.leaf(0, &node.name, || {
            let callers = index.numbers(at as NodeId).len();
            let callees = calls.callees(at as NodeId).len();
            Row::new(node.name.clone(), named(&node.name, graph::kind_role(node.kind)))
                .note(Line::dim(&format!("{callers:>3}↑ {callees:>3}↓")))
                .changed(model.is_changed(&format!("symbol:{}", node.name)))
                .links(Links::at(file, line).symbol(&node.name))
        });
    }
    tree.finish()
}

/// The function the graph is drawn around.
fn focus(model: &Model) -> Option<NodeId> {
    let row = model.selected(View::Calls)?;
    model.project.calls.find(&row.id)
}

/// The scene for the selected function; `None` while nothing is selected.
pub fn scene(model: &Model) -> Option<std::sync::Arc<Scene>> {
    let focus = focus(model)?;
    let key = graph::key(model, focus);
    Some(model.calls.scene.get(key, || Scene::new(model, focus)))
}

/// The scene painted, with the cursor's lines standing out.
pub fn canvas(model: &Model, scene: &Scene) -> Option<std::sync::Arc<Canvas>> {
    let cursor = cursor(model, scene);
    let key = (graph::key(model, focus(model)?), cursor);
    Some(model.calls.canvas.get(key, || graph::paint(model, scene, cursor)))
}

/// Whether the tree is shown: asked for, or because there is too much for boxes.
pub fn is_tree(model: &Model) -> bool {
    model.calls.tree || scene(model).is_none_or(|scene| scene.too_many())
}

/// The box the cursor is on: where it was put, or the function in the middle.
pub fn cursor(model: &Model, scene: &Scene) -> usize {
    let middle = scene.part.focus;
    match &model.calls.cursor {
        Some((name, around)) if scene.names.get(middle) == Some(around) => {
            scene.names.iter().position(|other| other == name).unwrap_or(middle)
        }
        _ => middle,
    }
}

fn put_cursor(model: &mut Model, scene: &Scene, at: usize) {
    if let (Some(name), Some(around)) = (scene.names.get(at), scene.names.get(scene.part.focus)) {
        model.calls.cursor = Some((name.clone(), around.clone()));
    }
}

/// The pane in words: the tree, and what could not be resolved.
pub fn detail(model: &Model, _row: Option<&Row>) -> Detail {
    match focus(model) {
        Some(focus) => tree::detail(model, focus),
        None => Detail::default(),
    }
}

/// The graph pane's title: around what, how far, what is left out.
pub fn title(model: &Model, scene: &Scene) -> Line {
    let reach = scene.reach;
    let asked = model.calls.reach;
    let mut line =
        qualified(scene.names.get(scene.part.focus).map_or("", |name| name), Role::Title)
            .push(Role::Dim, &format!("  callers {}  callees {}", reach.callers, reach.callees));
    if (reach.callers, reach.callees) != (asked.callers, asked.callees) {
        let usual = Reach::default();
        let usual = (asked.callers, asked.callees) == (usual.callers, usual.callees);
        line = line.push(Role::Warning, if usual { " (+ more)" } else { " (more do not fit)" });
    }
    let focus = scene.part.members.get(scene.part.focus).map(|member| member.node);
    let told = focus.is_some_and(|node| {
        model.project.calls.callees(node).iter().any(|edge| &*edge.why == "compiler")
    });
    for (shown, text) in [
        (told, "compiler"),
        (reach.externals, "library"),
        (!reach.possible, "sure only"),
        (reach.fold_modules, "modules"),
    ] {
        if shown {
            line = line.push(Role::Accent, &format!("  {text}"));
        }
    }
    line
}

/// What is known of the cursor's box, below the graph.
pub fn about(model: &Model, scene: &Scene) -> Vec<Line> {
    let calls = &model.project.calls;
    let cursor = cursor(model, scene);
    let Some(member) = scene.part.members.get(cursor) else { return Vec::new() };
    let node = &calls.nodes[member.node as usize];
    let mut head = qualified(&scene.names[cursor], graph::kind_role(node.kind));
    let symbol = model.project.symbols_named(&node.name).first();
    if let Some(signature) = symbol.and_then(|symbol| symbol.signature.as_ref()) {
        let words: Vec<&str> = signature.split_whitespace().collect();
        head = head.push(Role::Text, &words.join(" "));
    }
    if let (Some(file), Some(line)) = (&node.file, node.line) {
        head = head.push(Role::Dim, &format!("  {file}:{line}"));
    }
    let mut lines = vec![head];
    if cursor == scene.part.focus {
        lines.push(counts(model, member.node));
    }
    let between = scene.part.links.iter().filter(|link| {
        let ends = [link.from, link.to];
        cursor != scene.part.focus && ends.contains(&cursor) && ends.contains(&scene.part.focus)
    });
    for link in between.take(2) {
        let Some(edge) = link.edges.first().and_then(|at| calls.edges.get(*at as usize)) else {
            continue;
        };
        let way = if link.from == cursor { "calls it" } else { "is called" };
        let place = format!("{way} at {}:{}", edge.file, edge.line);
        let times =
            if link.edges.len() > 1 { format!(" ×{}", link.edges.len()) } else { String::new() };
        lines.push(Line::dim(&format!("{place}{times}  ")).append(why(link.certainty, &edge.why)));
    }
    let unresolved = unresolved(model, member.node);
    if let Some(first) = unresolved.first().filter(|_| member.folded.is_none()) {
        let line = Line::new(Role::Possible, &text::count(unresolved.len(), "call"))
            .push(Role::Dim, &format!(" not resolved: {} — {}", first.text, first.reason));
        lines.push(
            line.push(Role::Dim, if unresolved.len() > 1 { " …  (t lists all)" } else { "" }),
        );
    }
    lines
}

/// How often a function is called and calls, by certainty.
fn counts(model: &Model, node: NodeId) -> Line {
    let calls = &model.project.calls;
    let index = model.call_index();
    let mut line = Line::dim(&text::count(index.numbers(node).len(), "call"))
        .push(Role::Dim, " of it; it makes ")
        .push(Role::Dim, &text::count(calls.callees(node).len(), "call"));
    for certainty in [Certainty::Exact, Certainty::Inferred, Certainty::Possible] {
        let count = calls.callees(node).iter().filter(|edge| edge.certainty == certainty).count();
        if count > 0 {
            line = line
                .push(Role::Dim, " · ")
                .push(Role::of_certainty(certainty), &format!("{count} {}", certainty.as_str()));
        }
    }
    line
}

/// The calls of a function whose target could not be told.
fn unresolved(model: &Model, node: NodeId) -> Vec<&crate::model::Unresolved> {
    model.project.calls.unresolved.iter().filter(|call| call.from == node).collect()
}

/// Where the cursor's box leads, while the graph has the focus.
pub fn links(model: &Model) -> Option<Links> {
    if model.focus != Focus::Detail || is_tree(model) {
        return None;
    }
    let scene = scene(model)?;
    let cursor = cursor(model, &scene);
    let calls = &model.project.calls;
    let node = &calls.nodes[scene.part.members.get(cursor)?.node as usize];
    let mut links = Links { symbol: Some(node.name.clone()), ..Links::default() };
    if let (Some(file), Some(line)) = (&node.file, node.line) {
        links = Links::at(file, line).symbol(&node.name);
    }
    let link = scene.part.links.iter().find(|link| {
        let ends = [link.from, link.to];
        cursor != scene.part.focus && ends.contains(&cursor) && ends.contains(&scene.part.focus)
    });
    if let Some(edge) = link.and_then(|link| calls.edges.get(*link.edges.first()? as usize)) {
        links = links.why(edge.certainty, &edge.why);
        // A name of a library has no place of its own: its call has.
        links.place = links.place.or(Some(crate::app::Place::new(&edge.file, edge.line)));
    }
    Some(links)
}

/// Moves from box to box while the graph has the focus.
pub fn motion(model: &mut Model, motion: Motion) -> bool {
    if model.focus != Focus::Detail || is_tree(model) {
        return false;
    }
    let Some(scene) = scene(model) else { return false };
    let at = cursor(model, &scene);
    match graph::neighbour(&scene.drawing, at, motion) {
        Some(next) => put_cursor(model, &scene, next),
        None if motion == Motion::Left => {
            model.zoomed = false;
            model.focus = Focus::List;
        }
        None => {}
    }
    true
}

/// The wheel scrolls the graph.
pub fn wheel(model: &mut Model, rows: isize) -> bool {
    if model.focus != Focus::Detail || is_tree(model) {
        return false;
    }
    let motion = if rows > 0 { Motion::Down } else { Motion::Up };
    self::motion(model, motion)
}

/// `enter`: a box goes to the middle; the one in the middle shows its source.
pub fn open(model: &mut Model) -> Option<Vec<Effect>> {
    if model.focus == Focus::List {
        model.enter_detail();
        return Some(Vec::new());
    }
    if is_tree(model) {
        let detail = model.detail(View::Calls);
        let line = detail.lines.get(model.detail_state().cursor)?;
        let name = line.links.symbol.clone()?;
        let node = model.project.calls.find(&name)?;
        // Library names have no row: their call is shown.
        model.project.calls.nodes[node as usize].file.as_ref()?;
        return Some(recentre(model, &name));
    }
    let scene = scene(model)?;
    let cursor = cursor(model, &scene);
    if cursor == scene.part.focus {
        return None;
    }
    let member = scene.part.members.get(cursor)?;
    let node = &model.project.calls.nodes[member.node as usize];
    node.file.as_ref()?;
    let name = node.name.clone();
    Some(recentre(model, &name))
}

/// Draws the graph around another function and keeps the pane; the way back is remembered.
fn recentre(model: &mut Model, name: &Name) -> Vec<Effect> {
    let stop = navigate::here(model);
    let effects = focus_on(model, name);
    model.history.leave(stop);
    model.enter_detail();
    effects
}

/// A click puts the cursor on a box, a double click draws the graph around it.
pub fn item(model: &mut Model, item: usize, mouse: Mouse) -> Vec<Effect> {
    model.focus = Focus::Detail;
    let Some(scene) = scene(model) else { return Vec::new() };
    put_cursor(model, &scene, item);
    if mouse == Mouse::DoubleClick { open(model).unwrap_or_default() } else { Vec::new() }
}

/// Shows the graph around a function: `gc` from any row.
pub fn focus_on(model: &mut Model, name: &Name) -> Vec<Effect> {
    if navigate::select(model, View::Calls, name) {
        return Vec::new();
    }
    model.toast(Level::Info, format!("{name} is not in the call graph"))
}
