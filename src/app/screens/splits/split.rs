//! One split: its blocks as a graph beside the source they are cut from, what each suspension
//! saves, and hazards.

use crate::analyzers::layout::export::{Shape, split_cluster};
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::model::Model;
use crate::app::picture::paint_cluster;
use crate::app::screens::common::{join, qualified};
use crate::app::screens::source::source_line;
use crate::app::text::{self, Line, Role};
use crate::model::{Language, RemoteOps, Split, Suspension, SuspensionKind};

/// Blocks are told apart by number and by these colours in turn.
const COLOURS: [Role; 6] =
    [Role::Function, Role::String, Role::Type, Role::Keyword, Role::Number, Role::Decorator];

/// From this width on, the graph stands beside the source instead of below it.
const BESIDE: usize = 100;

pub fn detail(model: &Model, split: &Split) -> Detail {
    let width = model.detail_state().text_width();
    let mut detail = Detail { title: qualified(&split.function, Role::Title), lines: Vec::new() };
    let links = Links::at(&split.file, split.line).symbol(&split.function);
    detail.linked(summary(split), links.clone());
    if split.suspensions.len() > 1 && split.most_hops.len() > 1 {
        detail.linked(most_hops(split), links.clone());
    }
    if let Some(refusal) = &split.refused {
        let line = Line::new(Role::Error, "✗ not split: ")
            .push(Role::Text, &refusal.reason)
            .push(Role::Dim, &format!("  line {}", refusal.line));
        detail.linked(line, Links::at(&split.file, refusal.line).symbol(&split.function));
    }
    for hazard in &split.hazards {
        let line = Line::new(Role::Warning, &format!("⚠ {} ", hazard.kind))
            .push(Role::Text, &hazard.message)
            .push(Role::Dim, &format!("  line {}", hazard.line));
        detail.linked(line, Links::at(&split.file, hazard.line).symbol(&split.function));
    }
    detail.blank();
    picture(model, split, width, None, &mut detail);
    suspensions(split, &mut detail);
    detail
}

/// The source with its blocks, and the blocks as a graph. `current` is the block that runs next.
pub fn picture(
    model: &Model,
    split: &Split,
    width: usize,
    current: Option<u32>,
    detail: &mut Detail,
) {
    let links = Links::at(&split.file, split.line).symbol(&split.function);
    let beside = width >= BESIDE && !split.blocks.is_empty();
    let source_width = if beside { source_width(model, split, width) } else { width };
    let source = source(model, split, current);
    let graph_width = if beside { width - source_width - 2 } else { width };
    let graph = graph(split, graph_width, current);
    if beside {
        let count = source.len().max(graph.len());
        for at in 0..count {
            let (left, line) = source.get(at).cloned().unwrap_or_default();
            let left = cut(left, source_width);
            let right = graph.get(at).cloned().unwrap_or_default();
            let links = if line > 0 { at_line(split, line) } else { links.clone() };
            detail.fixed(join([left, Line::text("  "), right]), links);
        }
    } else {
        for (text, line) in source {
            detail.fixed(text, at_line(split, line));
        }
        detail.blank();
        for line in graph {
            detail.fixed(line, links.clone());
        }
    }
}

fn at_line(split: &Split, line: u32) -> Links {
    Links::at(&split.file, line).symbol(&split.function)
}

/// Counts of everything, in one line.
fn summary(split: &Split) -> Line {
    let RemoteOps { min, max } = split.remote_ops;
    let remote = match max {
        Some(max) if max == min => text::count(min as usize, "remote operation"),
        Some(max) => format!("{min}–{max} remote operations"),
        None => format!("{min} or more remote operations, unbounded"),
    };
    let mut line = Line::text(&text::count(split.suspensions.len(), "suspension"))
        .push(Role::Dim, " · ")
        .push(Role::Text, &text::count(split.blocks.len(), "block"));
    if split.language == Language::Python && split.refused.is_none() {
        let fragments = text::count(split.fragments as usize, "fragment");
        line = line.push(Role::Dim, " · ").push(Role::Text, &fragments);
    }
    // What an await waits for need not be remote.
    let remote_calls = split.language == Language::Python && max != Some(0);
    if remote_calls {
        line = line.push(Role::Dim, " · ").push(Role::Text, &remote);
    }
    line
}

/// The way with the most suspensions: the edges that stand out in the graph.
fn most_hops(split: &Split) -> Line {
    let way: Vec<String> = split.most_hops.iter().map(u32::to_string).collect();
    Line::dim("most hops ").push(Role::Accent, &way.join(" ▸ "))
}

fn colour(block: u32) -> Role {
    COLOURS[block as usize % COLOURS.len()]
}

/// The first and last line of the function as far as blocks and suspensions reach.
fn extent(split: &Split) -> (u32, u32) {
    let ends = split.blocks.iter().map(|block| block.lines.1);
    let last = ends.chain(split.suspensions.iter().map(|suspension| suspension.end_line)).max();
    (split.line, last.unwrap_or(split.line).max(split.line))
}

/// Source lines, each with the blocks it belongs to and a mark where it suspends, or is next.
fn source(model: &Model, split: &Split, current: Option<u32>) -> Vec<(Line, u32)> {
    let (first, last) = extent(split);
    if model.texts.get(&split.file).is_none() {
        return vec![(Line::dim("Reading …"), split.line)];
    }
    let next = split.blocks.iter().find(|block| Some(block.id) == current);
    let is_next = |number: u32| next.is_some_and(|it| it.lines.0 <= number && number <= it.lines.1);
    (first..=last)
        .map(|number| {
            let covers =
                |block: &&crate::model::Block| block.lines.0 <= number && number <= block.lines.1;
            let blocks: Vec<u32> =
                split.blocks.iter().filter(covers).map(|block| block.id).collect();
            let mut gutter = Line::new(Role::LineNumber, &format!("{number:>5} "));
            // The smallest blocks say most; three of them fit.
            for id in blocks.iter().rev().take(3).rev() {
                gutter = gutter.push(colour(*id), &format!("▌{id}"));
            }
            let spare = 9usize.saturating_sub(gutter.width().saturating_sub(6));
            gutter = gutter.push(Role::Text, &" ".repeat(spare));
            let waits = split.suspensions.iter().any(|suspension| suspension.line == number);
            gutter = match (is_next(number), waits) {
                (true, _) => gutter.push(Role::Accent, "▶ "),
                (false, true) => gutter.push(Role::Warning, "⏸ "),
                (false, false) => gutter.push(Role::Text, "  "),
            };
            (gutter.append(source_line(model, &split.file, number as usize)), number)
        })
        .collect()
}

/// As wide as its longest line, within a third to a half of the pane.
fn source_width(model: &Model, split: &Split, width: usize) -> usize {
    let (first, last) = extent(split);
    let lines =
        (first..=last).map(|number| source_line(model, &split.file, number as usize).width());
    (lines.max().unwrap_or(0) + 17).clamp(width / 3, width / 2)
}

fn cut(line: Line, width: usize) -> Line {
    let mut kept = Line::default();
    let mut room = width;
    for span in line.spans {
        let text = text::truncate(&span.text, room);
        let used = Line::text(&text).width();
        kept = kept.push(span.role, &text);
        room -= used.min(room);
        if text.len() != span.text.len() {
            break;
        }
    }
    let spare = width.saturating_sub(kept.width());
    kept.push(Role::Text, &" ".repeat(spare))
}

fn graph(split: &Split, width: usize, current: Option<u32>) -> Vec<Line> {
    if split.blocks.is_empty() {
        return Vec::new();
    }
    let mut cluster = split_cluster(split);
    let is_current = |place: usize| split.blocks.get(place).map(|block| block.id) == current;
    if current.is_some() {
        // The heavy frame is the current block's now.
        for (place, node) in cluster.nodes.iter_mut().enumerate() {
            node.shape = match node.shape {
                _ if is_current(place) => Shape::Focus,
                Shape::Focus => Shape::Plain,
                shape => shape,
            };
        }
        cluster.edges.iter_mut().for_each(|edge| edge.strong = false);
    }
    let role = |place: usize| match split.blocks.get(place) {
        _ if current.is_some() && is_current(place) => Role::Accent,
        Some(block) => colour(block.id),
        None => Role::Text,
    };
    paint_cluster(&cluster, width, role).canvas.lines()
}

/// What is asked for at each suspension, and what waits for the reply.
fn suspensions(split: &Split, detail: &mut Detail) {
    if split.suspensions.is_empty() {
        return;
    }
    detail.heading("Suspensions");
    for suspension in &split.suspensions {
        detail.linked(asked(suspension), at_line(split, suspension.line));
        let kept = join([
            names("    saves ", &suspension.saves, Role::Info),
            names("  spills ", &suspension.spills, Role::Warning),
        ]);
        let line = if kept.is_empty() { Line::dim("    saves nothing") } else { kept };
        detail.linked(line, at_line(split, suspension.line));
    }
}

fn asked(suspension: &Suspension) -> Line {
    let verb = match suspension.kind {
        SuspensionKind::Call => "call",
        SuspensionKind::Own => "call self",
        SuspensionKind::Create => "create",
        SuspensionKind::Read => "read",
        SuspensionKind::Write => "write",
        SuspensionKind::Await => "await",
    };
    let mut line = Line::new(Role::Warning, "⏸ ")
        .push(Role::LineNumber, &format!("{:>4} ", suspension.line))
        .push(Role::Keyword, verb)
        .push(Role::Function, &format!(" {}", suspension.target));
    if !suspension.args.is_empty() {
        line = line.push(Role::Dim, &format!("({})", suspension.args.join(", ")));
    }
    if let Some(result) = &suspension.result {
        line = line.push(Role::Dim, " → ").push(Role::Text, result);
    }
    line
}

fn names(title: &str, names: &[crate::model::Name], role: Role) -> Line {
    if names.is_empty() {
        return Line::default();
    }
    Line::dim(title).push(role, &names.join(", "))
}
