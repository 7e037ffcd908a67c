//! A macro call, derive or attribute of the source view, shown expanded beside its text: level by
//! level, each token in the colour of the macro that wrote it, with the steps that led there.

use std::sync::Arc;

use super::source;
use crate::app::View;
use crate::app::action::Effect;
use crate::app::command::{Command, Context};
use crate::app::detail::Detail;
use crate::app::links::{Links, Place};
use crate::app::model::{Focus, Model};
use crate::app::overlay::{Overlay, Popup};
use crate::app::text::{self, Line, Role};
use crate::app::toast::Level;
use crate::model::expansion::{
    Engine, Expansion, ExpansionRefusal, ExpansionRequest, Generated, Left, Step,
};
use crate::model::{Language, Name};

/// The expansion that is open.
#[derive(Debug)]
pub struct State {
    request: ExpansionRequest,
    /// `None` while it is on its way for the first time.
    answer: Option<Result<Arc<Expansion>, ExpansionRefusal>>,
    /// The answer to `request` has not come yet.
    waiting: bool,
    /// Tokens have the colours of the language instead of those of their macros.
    by_syntax: bool,
}

const HERE: &[Context] = &[Context::View(View::Source)];

pub const COMMANDS: &[Command] = &[
    Command::new(
        "expansion.open",
        "Expand macro",
        "Show what the macro call, derive or attribute on the line becomes; again: the next one \
         on the line",
        HERE,
        &["x"],
        open,
    )
    .enabled(is_rust),
    Command::new(
        "expansion.deeper",
        "One level more",
        "Expand the calls that the expansion still holds",
        HERE,
        &["+"],
        |model| level(model, 1),
    )
    .enabled(is_open),
    Command::new(
        "expansion.shallower",
        "One level less",
        "Show the expansion with one level less",
        HERE,
        &["-"],
        |model| level(model, -1),
    )
    .enabled(is_open),
    Command::new(
        "expansion.whole",
        "All levels",
        "Expand the macro to the end",
        HERE,
        &["*"],
        whole,
    )
    .enabled(is_open),
    Command::new(
        "expansion.compiler",
        "Ask the compiler",
        "Let the compiler expand the macro; that runs the package's build script and macros",
        HERE,
        &["X"],
        by_compiler,
    )
    .enabled(is_rust),
    Command::new(
        "expansion.colours",
        "Other colours",
        "Colour the expansion's tokens by their macro, or as the language's",
        HERE,
        &["c"],
        colours,
    )
    .enabled(is_open),
];

fn is_rust(model: &Model) -> Result<(), String> {
    let file = model.source.file.as_deref().unwrap_or_default();
    match Language::of_path(file) {
        Some(Language::Rust) => Ok(()),
        _ => Err("only Rust's macros are expanded".into()),
    }
}

/// What to press for the macro that a line seems to call or be under, for the detail of a line.
pub fn hint(model: &Model, place: &Place) -> Option<Line> {
    is_rust(model).ok()?;
    let line = model.texts.get(&place.file)?.line(place.line as usize)?;
    let code = line.trim_start();
    let is_call = code.match_indices('!').any(|(at, _)| {
        code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            && code[at + 1..].trim_start().starts_with(['(', '[', '{'])
    });
    let has_macro = is_call || code.starts_with("#[");
    let key = has_macro.then(|| model.keymap.key_of("expansion.open")).flatten()?;
    Some(Line::new(Role::Key, &key).push(Role::Dim, " shows what it expands to"))
}

fn is_open(model: &Model) -> Result<(), String> {
    let open = model.source.expansion.as_ref();
    open.map(|_| ()).ok_or_else(|| "no macro is expanded (x expands the one on the line)".into())
}

/// Where the cursor stands among the macros, as a request for the first level.
fn here(model: &Model, by_compiler: bool) -> Option<ExpansionRequest> {
    let place = model.source.place()?;
    let (file, line) = (place.file, place.line);
    let depth = Some(1);
    Some(ExpansionRequest { file, line, pick: 0, depth, by_compiler, agreed: false })
}

fn open(model: &mut Model) -> Vec<Effect> {
    let Some(mut request) = here(model, false) else { return Vec::new() };
    if let Some(open) = &model.source.expansion
        && (open.request.file == request.file && open.request.line == request.line)
    {
        let on_line = match &open.answer {
            Some(Ok(found)) => found.on_line.max(1),
            _ => usize::MAX,
        };
        request.pick = (open.request.pick + 1) % on_line;
    }
    ask(model, request)
}

fn by_compiler(model: &mut Model) -> Vec<Effect> {
    let open = model.source.expansion.as_ref().map(|open| open.request.clone());
    let Some(request) = open.or_else(|| here(model, true)) else { return Vec::new() };
    ask(model, ExpansionRequest { by_compiler: true, depth: None, ..request })
}

/// Puts the question; what is shown stays until the answer is there.
fn ask(model: &mut Model, request: ExpansionRequest) -> Vec<Effect> {
    let before = model.source.expansion.take();
    let is_same = before.as_ref().is_some_and(|before| {
        let old = &before.request;
        (&old.file, old.line, old.pick) == (&request.file, request.line, request.pick)
    });
    let by_syntax = before.as_ref().is_some_and(|before| before.by_syntax);
    let answer = before.filter(|_| is_same).and_then(|before| before.answer);
    let request_sent = request.clone();
    model.source.expansion = Some(State { request, answer, waiting: true, by_syntax });
    model.touch(View::Source);
    vec![Effect::Expand(request_sent)]
}

fn level(model: &mut Model, by: i32) -> Vec<Effect> {
    let Some(open) = &model.source.expansion else { return Vec::new() };
    let Some(Ok(found)) = &open.answer else { return Vec::new() };
    if found.engine == Engine::Compiler {
        return model.toast(Level::Info, "The compiler expands all levels at once");
    }
    let now = open.request.depth.unwrap_or(found.levels);
    let next = now.saturating_add_signed(by).clamp(1, found.levels.max(1));
    if next == now {
        let end = if by > 0 { "Nothing is left to expand" } else { "That is the first level" };
        return model.toast(Level::Info, end);
    }
    let request = ExpansionRequest { depth: Some(next), ..open.request.clone() };
    ask(model, request)
}

fn whole(model: &mut Model) -> Vec<Effect> {
    let Some(open) = &model.source.expansion else { return Vec::new() };
    let request = ExpansionRequest { depth: None, ..open.request.clone() };
    ask(model, request)
}

fn colours(model: &mut Model) -> Vec<Effect> {
    if let Some(open) = &mut model.source.expansion {
        open.by_syntax = !open.by_syntax;
    }
    model.touch(View::Source);
    Vec::new()
}

/// `esc` closes the expansion.
pub fn escape(model: &mut Model) -> bool {
    let was_open = model.source.expansion.take().is_some();
    if was_open {
        model.focus = Focus::List;
        model.zoomed = false;
        model.detail_state_mut().reset();
        model.touch(View::Source);
    }
    was_open
}

/// The file may have changed: what the interpreter showed is expanded again.
pub fn refreshed(model: &mut Model) -> Vec<Effect> {
    let Some(open) = &model.source.expansion else { return Vec::new() };
    let is_touched = model.change.files.contains(&open.request.file);
    if !is_touched || open.waiting || open.request.by_compiler {
        return Vec::new();
    }
    let request = open.request.clone();
    ask(model, request)
}

/// The answer is there.
pub fn expanded(
    model: &mut Model,
    request: ExpansionRequest,
    answer: Result<Arc<Expansion>, ExpansionRefusal>,
) -> Vec<Effect> {
    let Some(open) = &mut model.source.expansion else { return Vec::new() };
    let expected = &open.request;
    if (ExpansionRequest { agreed: expected.agreed, ..request.clone() }) != *expected {
        return Vec::new();
    }
    open.waiting = false;
    let is_first = open.answer.is_none();
    if let Err(ExpansionRefusal::NeedsCompiler { trusted, folder, call, .. }) = &answer {
        let compiled = ExpansionRequest { by_compiler: true, depth: None, ..request.clone() };
        if *trusted {
            return ask(model, compiled);
        }
        let question = format!(
            "Let the compiler expand {}? Compiling runs the build script and procedural macros of \
             {folder} with your rights. The answer is remembered.",
            text::truncate(&text::squeeze(call), 120)
        );
        open.answer = Some(answer);
        // What is asked for next is what the answer will be for.
        open.request = ExpansionRequest { agreed: true, ..compiled.clone() };
        let effects = vec![Effect::Expand(open.request.clone())];
        model.overlay = Some(Overlay::Popup(Popup::confirm(&question, effects)));
        model.touch(View::Source);
        return Vec::new();
    }
    let refused = match (&answer, &open.answer) {
        (Err(ExpansionRefusal::Failed(why)), None) => Some(why.clone()),
        _ => None,
    };
    if let Some(why) = refused {
        // Nothing was shown before: there is nothing to open.
        model.source.expansion = None;
        model.touch(View::Source);
        return model.toast(Level::Info, why);
    }
    let mut effects = Vec::new();
    if let Ok(found) = &answer {
        let code: Arc<str> = found.code.as_str().into();
        let key = text_key(&request);
        model.texts.put(key.clone(), Some(code.clone()));
        effects.push(Effect::Highlight { key, token: "rs".into(), text: code });
    }
    if let Some(open) = &mut model.source.expansion {
        open.answer = Some(answer);
    }
    if is_first && model.view == View::Source {
        model.detail_state_mut().reset();
        model.enter_detail();
    }
    model.touch(View::Source);
    effects
}

/// The key under which the text and roles of an expansion are kept.
fn text_key(request: &ExpansionRequest) -> Name {
    let ExpansionRequest { file, line, pick, depth, by_compiler, .. } = request;
    format!("expansion:{file}:{line}#{pick}@{depth:?}{by_compiler}").into()
}

/// What stands in the detail's place.
pub fn detail(model: &Model, state: &State) -> Detail {
    let request = &state.request;
    let mut detail = Detail::titled(&format!("Expansion at {}:{}", request.file, request.line));
    if state.waiting {
        let who = if request.by_compiler { "The compiler expands it …" } else { "Expanding …" };
        detail.line(Line::dim(who));
    }
    match &state.answer {
        None => {}
        Some(Ok(found)) => describe(model, state, found, &mut detail),
        Some(Err(ExpansionRefusal::Failed(why))) => {
            for line in why.lines() {
                detail.line(Line::new(Role::Warning, line));
            }
        }
        Some(Err(ExpansionRefusal::NeedsCompiler { call, reason, .. })) => {
            detail.line(Line::new(Role::Decorator, &text::squeeze(call)));
            detail.line(Line::text(reason));
            detail.line(Line::dim("X asks the compiler, which runs code of the package"));
        }
    }
    detail
}

fn describe(model: &Model, state: &State, found: &Expansion, detail: &mut Detail) {
    let call = text::squeeze(&found.call);
    detail.fixed(Line::new(Role::Decorator, &call), Links::at(&state.request.file, found.line));
    detail.line(summary(state, found));
    if found.on_line > 1 {
        let which = state.request.pick % found.on_line + 1;
        let text = format!("{which} of {} on the line  x: the next one", found.on_line);
        detail.line(Line::dim(&text));
    }
    if let Some(note) = &found.note {
        detail.line(Line::dim(note));
    }
    if let Some(cut) = &found.cut {
        detail.line(Line::new(Role::Warning, &format!("not whole: {cut}")));
    }
    detail.blank();
    let macros = macros(&found.steps);
    code(model, state, found, &macros, detail);
    items(&found.items, detail);
    steps(model, &found.steps, &macros, detail);
    left(&found.left, detail);
}

/// How much is shown of how much.
fn summary(state: &State, found: &Expansion) -> Line {
    let mut line = Line::default();
    match found.engine {
        Engine::Compiler => line = line.push(Role::Dim, "by the compiler, all levels"),
        Engine::Interpreter => {
            let shown = state.request.depth.unwrap_or(found.levels).min(found.levels.max(1));
            let text = format!("level {shown} of {}", found.levels.max(1));
            line = line.push(Role::Text, &text);
            if found.levels > 1 {
                line = line.push(Role::Dim, "  + - * change it");
            }
        }
    }
    line
}

/// The macros of the steps, each once, in the order they were met.
fn macros(steps: &[Step]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for step in steps {
        if !names.contains(&step.name.as_str()) {
            names.push(&step.name);
        }
    }
    names
}

/// The colour of what a step wrote.
fn role_of(step: &Step, macros: &[&str]) -> Role {
    Role::of_macro(macros.iter().position(|name| *name == step.name).unwrap_or(0))
}

/// The code; before each line the step that wrote its first token.
fn code(model: &Model, state: &State, found: &Expansion, macros: &[&str], detail: &mut Detail) {
    let key = text_key(&state.request);
    let roles = model.texts.highlighted(&key);
    let width = found.steps.len().to_string().len();
    for (at, line) in found.code.lines().enumerate() {
        let syntax = roles.and_then(|lines| lines.get(at)).map_or(&[][..], Vec::as_slice);
        let writers = found.writers.get(at).map_or(&[][..], Vec::as_slice);
        let first = writers.first().and_then(|(_, number)| {
            Some((number, found.steps.get((*number as usize).checked_sub(1)?)?))
        });
        let mut shown = match first {
            _ if found.steps.is_empty() => Line::default(),
            Some((number, step)) => Line::new(role_of(step, macros), &format!("{number:>width$} ")),
            None => Line::dim(&format!("{:>width$} ", "")),
        };
        let by_macro: Vec<(u32, Role)> = match state.by_syntax || writers.is_empty() {
            true => syntax.to_vec(),
            false => merged(writers, syntax, &found.steps, macros),
        };
        shown.spans.extend(source::coloured(line, &by_macro).spans);
        detail.fixed(shown, Links::default());
    }
}

/// Runs with a role each: a macro's own tokens have its colour, those of the call the language's.
fn merged(
    writers: &[(u32, u32)],
    syntax: &[(u32, Role)],
    steps: &[Step],
    macros: &[&str],
) -> Vec<(u32, Role)> {
    let mut runs = Vec::new();
    let mut syntax = syntax.iter().copied();
    let mut current: Option<(u32, Role)> = syntax.next();
    for (length, writer) in writers {
        let own = (*writer as usize).checked_sub(1).and_then(|at| steps.get(at));
        let mut left = *length;
        while left > 0 {
            let (taken, role) = match current {
                Some((run, role)) => {
                    let taken = run.min(left);
                    current = if run > taken { Some((run - taken, role)) } else { syntax.next() };
                    (taken, role)
                }
                None => (left, Role::Text),
            };
            runs.push((taken, own.map_or(role, |step| role_of(step, macros))));
            left -= taken;
        }
    }
    runs
}

const SHOWN: usize = 200;

fn items(items: &[Generated], detail: &mut Detail) {
    if items.is_empty() {
        return;
    }
    detail.heading(&format!("Defines {}", text::count(items.len(), "item")));
    for item in items.iter().take(SHOWN) {
        let line =
            Line::new(Role::Keyword, &format!("{:<7}", item.kind)).push(Role::Text, &item.name);
        detail.fixed(line, Links::default());
    }
}

/// Each step: its number and call, the arm that matched, where that stands.
fn steps(model: &Model, steps: &[Step], macros: &[&str], detail: &mut Detail) {
    if steps.is_empty() {
        return;
    }
    detail.heading(&text::count(steps.len(), "step"));
    let width = steps.len().to_string().len();
    for (at, step) in steps.iter().enumerate().take(SHOWN) {
        let indent = "  ".repeat(step.level.saturating_sub(1).min(12) as usize);
        let call = Line::new(role_of(step, macros), &format!("{:>width$} ", at + 1))
            .push(Role::Text, &format!("{indent}{}", text::squeeze(&step.call)));
        let file: Option<&Name> =
            step.file.as_ref().and_then(|file| model.project.file(file)).map(|file| &file.path);
        let links = match file {
            Some(file) => {
                Links { place: Some(Place::new(file, step.arm_line)), ..Links::default() }
            }
            None => Links::default(),
        };
        detail.fixed(call, links.clone());
        let place = match &step.file {
            Some(file) => format!("  {}:{}", text::truncate_start(file, 48), step.arm_line),
            None => "  a macro that an expansion defined".to_owned(),
        };
        let arm = Line::dim(&format!("{:width$} {indent}arm {} of {} ", "", step.arm, step.arms))
            .push(Role::Dim, &text::squeeze(&step.pattern))
            .push(Role::LineNumber, &place);
        detail.fixed(arm, links);
    }
    if steps.len() > SHOWN {
        detail.line(Line::dim(&format!("… {} more", steps.len() - SHOWN)));
    }
}

fn left(left: &[Left], detail: &mut Detail) {
    if left.is_empty() {
        return;
    }
    detail.heading("Left as they are");
    for left in left.iter().take(SHOWN) {
        let line = Line::text(&text::truncate(&text::squeeze(&left.call), 80))
            .push(Role::Dim, &format!("  {}", left.reason));
        detail.line(line);
    }
}
