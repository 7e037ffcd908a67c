//! A call at one of its stops: where it is, what it keeps, what it asks for, what everyone's state is.

use super::split;
use super::stepping::Steps;
use crate::app::detail::Detail;
use crate::app::model::Model;
use crate::app::screens::common::{column, join, qualified, widest};
use crate::app::text::{self, Line, Role};
use crate::model::{Name, Split, StepCall, StepEntity, StepEvent, StepKind, StepRequest};

/// Lines of what was printed that are shown.
const PRINTED: usize = 8;

pub fn detail(model: &Model, function: &Name, steps: &Steps) -> Detail {
    let mut detail = Detail { title: qualified(function, Role::Title), lines: Vec::new() };
    let Some(event) = steps.event() else {
        match &steps.ended {
            Some(reason) => ended(&mut detail, reason),
            None => detail.line(Line::dim("Starting …")),
        }
        return detail;
    };
    let width = model.detail_state().text_width();
    let call = event.stack.last();
    let split = call.and_then(|call| {
        let mut splits = steps.project.splits.iter();
        splits.find(|split| *split.function == *call.function)
    });
    detail.line(headline(steps, event, split));
    if event.stack.len() > 1 {
        detail.line(calls(&event.stack));
    }
    happenings(event, &mut detail);
    if let (Some(reason), true) = (&steps.ended, steps.at + 1 == steps.events.len()) {
        ended(&mut detail, reason);
    }
    if let Some(call) = call {
        frame(call, steps.before(), &mut detail);
    }
    entities(event, steps.before(), width, &mut detail);
    printed(&steps.printed(), &mut detail);
    if let (Some(call), Some(split)) = (call, split) {
        detail.blank();
        split::picture(model, split, width, Some(call.block), &mut detail);
    }
    detail
}

fn ended(detail: &mut Detail, reason: &str) {
    let line = Line::new(Role::Error, "✗ the worker ended before the call did");
    detail.line(line);
    for line in reason.lines() {
        detail.line(Line::new(Role::Comment, line));
    }
}

/// `▶ block 3 of 7 runs next · lines 8–9 · 2 hops · stop 5 of 9`.
fn headline(steps: &Steps, event: &StepEvent, split: Option<&Split>) -> Line {
    let mut line = match event.event {
        StepKind::Block => Line::new(Role::Accent, "▶ "),
        StepKind::Request => Line::new(Role::Warning, "⏸ "),
        StepKind::Done if event.error.is_none() => Line::new(Role::Success, "✓ "),
        StepKind::Done | StepKind::Failed => Line::new(Role::Error, "✗ "),
    };
    line = match (event.event, event.stack.last()) {
        (StepKind::Block, Some(call)) => {
            line.push(Role::Accent, &format!("block {} runs next", call.block))
        }
        (StepKind::Request, Some(call)) => {
            line.push(Role::Warning, &format!("waits; block {} takes the reply", call.block))
        }
        (StepKind::Done, _) => line.push(Role::Title, "the call has ended"),
        _ => line.push(Role::Title, "the call could not be made"),
    };
    let block = event
        .stack
        .last()
        .and_then(|call| split?.blocks.iter().find(|block| block.id == call.block));
    if let (Some(block), StepKind::Block) = (block, event.event) {
        let (first, last) = block.lines;
        let lines =
            if first == last { format!("line {first}") } else { format!("lines {first}–{last}") };
        line = line.push(Role::Dim, " · ").push(Role::Text, &lines);
    }
    let hops = text::count(event.hops as usize, "hop");
    line = line.push(Role::Dim, " · ").push(Role::Text, &hops);
    line = line.push(Role::Dim, &format!(" · stop {} of {}", steps.at + 1, steps.events.len()));
    let is_last = steps.at + 1 == steps.events.len();
    if steps.waits && is_last { line.push(Role::Info, " · running …") } else { line }
}

/// `User.buy ▸ Item.take`.
fn calls(stack: &[StepCall]) -> Line {
    let mut line = Line::dim("calls  ");
    for (at, call) in stack.iter().enumerate() {
        if at > 0 {
            line = line.push(Role::Dim, " ▸ ");
        }
        let role = if at + 1 == stack.len() { Role::Function } else { Role::Text };
        let start = crate::app::screens::common::own_part(&call.function);
        line = line.push(role, &call.function[start..]);
    }
    line
}

/// What is asked for, what was raised, what came out.
fn happenings(event: &StepEvent, detail: &mut Detail) {
    if let Some(raised) = &event.raised {
        detail.line(Line::new(Role::Error, "raised ").push(Role::Text, raised));
    }
    if let Some(request) = &event.request {
        detail.line(asked(request));
    }
    match (event.event, &event.error) {
        (StepKind::Done, Some(error)) => {
            let line = Line::new(Role::Error, &error.type_);
            detail.line(line.push(Role::Text, &format!(": {}", error.message)));
        }
        (StepKind::Done, None) => {
            let result = event.result.as_deref().unwrap_or("None");
            detail.line(Line::dim("result ").push(Role::String, result));
        }
        (StepKind::Failed, _) => {
            let message = event.message.as_deref().unwrap_or_default();
            detail.line(Line::new(Role::Error, message));
        }
        _ => {}
    }
}

fn asked(request: &StepRequest) -> Line {
    let StepRequest { access, receiver, member, arguments, .. } = request;
    let arguments = arguments.join(", ");
    let (verb, what) = match access.as_str() {
        "create" => ("create", format!("{receiver}({arguments})")),
        "load" => ("read", format!("{receiver}.{member}")),
        "store" => ("write", format!("{receiver}.{member} = {arguments}")),
        _ => ("call", format!("{receiver}.{member}({arguments})")),
    };
    Line::dim("asks   ").push(Role::Keyword, verb).push(Role::Function, &format!(" {what}"))
}

/// The locals that are kept: all that the rest of the call needs.
fn frame(call: &StepCall, before: Option<&StepEvent>, detail: &mut Detail) {
    detail.heading("Frame");
    if let Some(receiver) = &call.receiver {
        detail.line(Line::dim("self   ").push(Role::Text, receiver));
    }
    let old = before.and_then(|event| event.stack.last());
    let old = old.filter(|old| old.function == call.function);
    for (name, value) in &call.frame {
        let kept = |old: &&StepCall| old.frame.iter().any(|it| it.0 == *name && it.1 == *value);
        let is_same = old.is_some_and(|old| kept(&old));
        let role = if is_same { Role::Text } else { Role::Accent };
        let is_local = !name.starts_with("_ms");
        let name_role = if is_local { Role::Info } else { Role::Dim };
        let line = Line::text("  ").push(name_role, name).push(Role::Operator, " = ");
        detail.line(line.push(role, value));
    }
    if call.frame.is_empty() {
        detail.line(Line::dim("  no local is kept"));
    }
}

fn entities(event: &StepEvent, before: Option<&StepEvent>, width: usize, detail: &mut Detail) {
    if event.entities.is_empty() {
        return;
    }
    detail.heading("Entities");
    let names = widest(event.entities.iter().map(|entity| entity.name.as_str()), width / 3);
    for (at, entity) in event.entities.iter().enumerate() {
        // Entities keep their places: they are told in the order they were first seen.
        let old = before.and_then(|event| event.entities.get(at));
        let name = column(&entity.name, names + 2, Role::Type, false);
        detail.line(join([Line::text("  "), name, state(entity, old)]));
    }
}

/// `balance=30→24  name='u'`.
fn state(entity: &StepEntity, old: Option<&StepEntity>) -> Line {
    let mut line = Line::default();
    for (at, (name, value)) in entity.state.iter().enumerate() {
        let gap = if at > 0 { "  " } else { "" };
        line = line.push(Role::Dim, &format!("{gap}{name}="));
        let was = old.map(|old| old.state.iter().find(|(known, _)| known == name));
        line = match was {
            Some(Some((_, was))) if was != value => {
                line.push(Role::Removed, was).push(Role::Dim, "→").push(Role::Added, value)
            }
            Some(None) => line.push(Role::Added, value),
            Some(Some(_)) | None => line.push(Role::Text, value),
        };
    }
    line
}

fn printed(printed: &str, detail: &mut Detail) {
    let lines: Vec<&str> = printed.lines().collect();
    if lines.is_empty() {
        return;
    }
    detail.heading("Printed");
    for line in lines.iter().skip(lines.len().saturating_sub(PRINTED)) {
        detail.line(Line::new(Role::String, line));
    }
}
