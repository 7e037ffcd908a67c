//! The boxes around a function: what is drawn, where, and how.

use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

use super::super::common::{home, own_part};
use crate::analyzers::layout::export::Stroke;
use crate::analyzers::layout::neighbourhood::{Link, Neighbourhood, Reach};
use crate::analyzers::layout::{Area, Drawing, Graph, Settings, Size, TOO_MANY_BOXES, lay_out};
use crate::app::canvas::{Canvas, Frame};
use crate::app::commands::lists::Motion;
use crate::app::model::Model;
use crate::app::picture::{Look, paint_exits, paint_routes};
use crate::app::text::{Role, truncate, truncate_start};
use crate::model::{Certainty, Name, NodeId, NodeKind};

/// What a scene depends on.
pub type Key = (u64, NodeId, Reach, usize);

pub fn key(model: &Model, focus: NodeId) -> Key {
    (model.project.revision, focus, model.calls.reach, model.detail_state().text_width())
}

/// A neighbourhood laid out.
#[derive(Debug)]
pub struct Scene {
    pub part: Neighbourhood,
    /// How far it reaches: less than asked for when that would be too many boxes.
    pub reach: Reach,
    pub drawing: Drawing,
    /// Qualified names of the members; folded ones bear their module's.
    pub names: Vec<Name>,
    labels: Vec<Label>,
}

/// What a box says.
#[derive(Debug)]
struct Label {
    text: String,
    role: Role,
    /// On the upper border: the module, when it is not that of the middle box.
    above: String,
    /// On the upper border too: how many callers are not shown.
    more_callers: String,
    /// On the lower border: how many callees are not shown.
    below: String,
}

impl Scene {
    pub fn new(model: &Model, focus: NodeId) -> Self {
        let (part, reach) = fitting(model, focus);
        let calls = &model.project.calls;
        let names: Vec<Name> = part
            .members
            .iter()
            .map(|member| {
                let name = &calls.nodes[member.node as usize].name;
                member.folded.map_or_else(|| name.clone(), |length| Arc::from(&name[..length]))
            })
            .collect();
        let middle = names.get(part.focus).map(|name| home(name).to_owned()).unwrap_or_default();
        let labels: Vec<Label> = part
            .members
            .iter()
            .zip(&names)
            .map(|(member, name)| {
                let kind = calls.nodes[member.node as usize].kind;
                let own = match kind {
                    NodeKind::Module => name,
                    _ if member.folded.is_some() => name,
                    _ => &name[own_part(name)..],
                };
                let recursive = part.links.iter().any(|link| {
                    link.from == link.to && part.members.get(link.from) == Some(member)
                });
                // A method of the same class is told by its dot.
                let mut text = match siblings(&names[part.focus], name) {
                    Some(length) if own.len() < name.len() => name[length..].to_owned(),
                    _ => own.to_owned(),
                };
                if recursive {
                    text.push_str(" ↺");
                }
                let above =
                    if home(name) == middle || own.len() == name.len() { "" } else { home(name) };
                let more = |hidden: usize| match hidden {
                    0 => String::new(),
                    hidden => format!("+{hidden}"),
                };
                let (more_callers, below) =
                    (more(member.hidden_callers), more(member.hidden_callees));
                let role = if member.folded.is_some() { Role::Title } else { kind_role(kind) };
                Label { text, role, above: above.to_owned(), more_callers, below }
            })
            .collect();
        let width = model.detail_state().text_width();
        let size = |label: &Label| {
            let name = truncate(&label.text, width.saturating_sub(6).max(8)).width();
            let callers = label.more_callers.width();
            let above = label.above.width().min(18) + if callers > 0 { callers + 1 } else { 0 };
            let inner = name.max(above).max(label.below.width() + 2);
            Size { width: inner as i32 + 4, height: 3 }
        };
        let graph = Graph {
            boxes: labels.iter().map(size).collect(),
            edges: part.links.iter().map(|link| (link.from, link.to)).collect(),
            labels: Vec::new(),
        };
        let drawing = if part.members.len() > TOO_MANY_BOXES {
            Drawing::default()
        } else {
            let known = model.calls.previous.borrow();
            let previous = names.iter().map(|name| known.get(name).copied()).collect();
            lay_out(&graph, &Settings { max_width: Some(width as i32), previous })
        };
        let mut known = model.calls.previous.borrow_mut();
        known.clear();
        known.extend(names.iter().cloned().zip(drawing.boxes.iter().map(|area| area.x)));
        drop(known);
        Self { part, reach, drawing, names, labels }
    }

    pub fn too_many(&self) -> bool {
        self.part.members.len() > TOO_MANY_BOXES
    }
}

/// The neighbourhood asked for, or the largest part of it that still can be read as boxes:
/// far callees go first, then far callers.
fn fitting(model: &Model, focus: NodeId) -> (Neighbourhood, Reach) {
    let index = model.call_index();
    let asked = Reach { limit: 4 * TOO_MANY_BOXES, ..model.calls.reach };
    let around = |reach: &Reach| Neighbourhood::around(&model.project.calls, &index, focus, reach);
    let mut reach = asked;
    let whole = around(&reach);
    // Unless more was asked for, no more than can be taken in at a glance.
    let usual = Reach::default();
    let most = match (asked.callers, asked.callees) == (usual.callers, usual.callees) {
        true => (model.detail_state().text_width() / 3).clamp(20, TOO_MANY_BOXES),
        false => TOO_MANY_BOXES,
    };
    if whole.members.len() <= most {
        return (whole, reach);
    }
    while reach.callers > 1 || reach.callees > 1 {
        if reach.callees >= reach.callers && reach.callees > 1 {
            reach.callees -= 1;
        } else {
            reach.callers -= 1;
        }
        let part = around(&reach);
        let least = reach.callers <= 1 && reach.callees <= 1;
        if part.members.len() <= if least { TOO_MANY_BOXES } else { most } {
            return (part, reach);
        }
    }
    (whole, asked)
}

/// Where the method's part of `name` begins, its dot included, when it is a method of the same
/// class as `focus` and another one.
fn siblings(focus: &str, name: &str) -> Option<usize> {
    let end = |name: &str| name.rfind("::").or_else(|| name.rfind('.'));
    let (ours, theirs) = (end(focus)?, end(name)?);
    let class = own_part(focus) < ours;
    (class && focus[..ours] == name[..theirs] && focus != name).then_some(theirs)
}

pub fn kind_role(kind: NodeKind) -> Role {
    match kind {
        NodeKind::Function => Role::Function,
        NodeKind::Class => Role::Type,
        NodeKind::Module => Role::Title,
        NodeKind::Builtin | NodeKind::External => Role::Dim,
    }
}

/// Paints a scene; what leads from and to the cursor's box stands out.
pub fn paint(model: &Model, scene: &Scene, cursor: usize) -> Canvas {
    let drawing = &scene.drawing;
    let mut canvas = Canvas::new(drawing.width.max(0) as usize, drawing.height.max(0) as usize);
    for (at, (area, label)) in drawing.boxes.iter().zip(&scene.labels).enumerate() {
        let outside = label.role == Role::Dim;
        let frame = match at {
            _ if at == scene.part.focus => Frame::Heavy,
            _ if outside => Frame::Dashed,
            _ => Frame::Round,
        };
        let border = if at == cursor { Role::BorderFocused } else { Role::Border };
        canvas.frame((area.x, area.y, area.width, area.height), frame, border);
        let room = (area.width - 4).max(1) as usize;
        let text = truncate(&label.text, room);
        let pad = (room - text.width()) / 2;
        canvas.write(area.x + 2 + pad as i32, area.y + 1, &text, label.role);
        let callers = label.more_callers.width();
        // Lines that leave upwards need their place on the border.
        let upward = drawing.routes.iter().filter(|route| route.back && route.caller == at);
        let free = upward.map(|route| (route.exit.0 - area.x - 3).max(0) as usize).min();
        let free =
            free.unwrap_or(if callers > 0 { room.saturating_sub(callers + 1) } else { room });
        if !label.above.is_empty() && free >= 3 {
            let text = truncate_start(&label.above, free.min(room));
            canvas.write(area.x + 2, area.y, &text, Role::Dim);
        }
        if !label.below.is_empty() {
            let x = area.x + area.width - 1 - label.below.width() as i32 - 1;
            canvas.write(x, area.bottom(), &label.below, Role::Dim);
        }
        if callers > 0 {
            let x = area.x + area.width - 2 - callers as i32;
            canvas.write(x, area.y, &label.more_callers, Role::Dim);
        }
        if model.is_changed(&format!("symbol:{}", scene.names[at])) {
            canvas.put(area.x, area.y + 1, '+', Role::Added);
        }
    }
    paint_exits(&mut canvas, drawing, |caller| caller == scene.part.focus);
    paint_routes(&mut canvas, drawing, |cell| {
        let link = cell.edge.and_then(|edge| scene.part.links.get(edge));
        let route = &drawing.routes[cell.route];
        let near = route.caller == cursor || link.is_some_and(|link| link.to == cursor);
        let stroke = link.map_or(Stroke::Solid, stroke);
        let role = match link {
            _ if near => Role::Accent,
            Some(link) if cell.arrow.is_some() => Role::of_certainty(link.certainty),
            _ => Role::Border,
        };
        Look { role, stroke }
    });
    canvas
}

fn stroke(link: &Link) -> Stroke {
    match link.certainty {
        Certainty::Exact => Stroke::Solid,
        Certainty::Inferred => Stroke::Dashed,
        Certainty::Possible => Stroke::Dotted,
    }
}

/// The box a motion goes to from `at`.
pub fn neighbour(drawing: &Drawing, at: usize, motion: Motion) -> Option<usize> {
    let here = drawing.boxes.get(at)?;
    let middle = |area: &Area| area.x + area.width / 2;
    let distance = |area: &Area| (middle(area) - middle(here)).abs();
    let others = drawing.boxes.iter().enumerate().filter(|(other, _)| *other != at);
    let best = |cost: &dyn Fn(&Area) -> Option<i32>| {
        let costs = others.clone().filter_map(|(other, area)| Some((cost(area)?, other)));
        costs.min().map(|(_, other)| other)
    };
    // Rows count for more than columns: a step down is a step to the next layer.
    let vertical = |rows: i32, area: &Area| (rows > 0).then(|| rows * 12 + distance(area));
    match motion {
        Motion::Down => best(&|area| vertical(area.y - here.y, area)),
        Motion::Up => best(&|area| vertical(here.y - area.y, area)),
        Motion::Left => best(&|area| (area.y == here.y && area.x < here.x).then(|| distance(area))),
        Motion::Right => {
            best(&|area| (area.y == here.y && area.x > here.x).then(|| distance(area)))
        }
        Motion::Top | Motion::PageUp | Motion::HalfUp => {
            best(&|area| Some(area.y * 200 + distance(area)))
                .filter(|other| drawing.boxes[*other].y < here.y)
        }
        Motion::Bottom | Motion::PageDown | Motion::HalfDown => {
            best(&|area| Some(-area.y * 200 + distance(area)))
                .filter(|other| drawing.boxes[*other].y > here.y)
        }
    }
}
