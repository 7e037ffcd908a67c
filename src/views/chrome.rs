//! What surrounds every view: tabs, breadcrumb and status above, key hints below, messages over.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::hit::HitMap;
use super::theme::Theme;
use super::widgets::line;
use crate::app::command::{self, Command, Context};
use crate::app::history::Stop;
use crate::app::model::Loading;
use crate::app::text::{self, Line, Role};
use crate::app::{Compiling, Hit, Model, View};

/// Paints tabs, breadcrumb and footer; hands back the body.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) -> Rect {
    tabs(model, theme, Rect { height: 1, ..area }, buf, hits);
    crumbs(model, theme, Rect { y: area.y + 1, height: 1, ..area }, buf, hits);
    footer(model, theme, Rect { y: area.bottom() - 1, height: 1, ..area }, buf, hits);
    Rect { y: area.y + 2, height: area.height.saturating_sub(3), ..area }
}

/// The views with a key of their own, as many letters as fit.
fn tabs(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let views = View::ALL.into_iter().filter(|view| *view != View::Help || model.view == *view);
    let key =
        |view: View| model.keymap.key_of(&format!("view.{}", view.name())).unwrap_or_default();
    let labels = |full: bool, counts: bool, active: bool| -> Vec<(View, String, String)> {
        let label = |view: View| {
            let title = if full || (active && view == model.view) {
                view.title()
            } else {
                view.short_title()
            };
            let count = if counts { count(model, view) } else { String::new() };
            (view, key(view), format!("{title}{count}"))
        };
        views.clone().map(label).collect()
    };
    let width = |tabs: &[(View, String, String)], gap: usize| {
        tabs.iter().map(|(_, key, title)| key.width() + 1 + title.width() + gap).sum::<usize>()
    };
    let tries = [
        (true, true, true, 2),
        (true, false, true, 2),
        (false, false, true, 2),
        (false, false, true, 1),
        (false, false, false, 1),
    ];
    let chosen = tries.into_iter().find_map(|(full, counts, active, gap)| {
        let tabs = labels(full, counts, active);
        (width(&tabs, gap) < area.width as usize + gap).then_some((tabs, gap))
    });
    let (tabs, gap) = chosen.unwrap_or_else(|| (labels(false, false, false), 1));
    let mut x = area.x;
    for (view, key, title) in tabs {
        let own = (key.width() + 1 + title.width()) as u16;
        if x >= area.right() {
            break;
        }
        let active = view == model.view;
        let key_role = if active { Role::Title } else { Role::Key };
        let text = Line::new(key_role, &key)
            .push(Role::Text, " ")
            .push(if active { Role::Title } else { Role::Dim }, &title);
        line::draw(theme, &text, x, area.y, area.right() - x, buf);
        let cells = Rect { x, width: own.min(area.right() - x), ..area };
        if active {
            buf.set_style(cells, theme.tab);
        }
        hits.push(cells, Hit::Tab(view));
        x += own + gap as u16;
    }
}

/// How many rows a view has, for its tab.
fn count(model: &Model, view: View) -> String {
    let project = &model.project;
    let number = match view {
        View::Registries => project.registries.len(),
        View::Schemas => project.schemas.len(),
        View::Splits => project.splits.len(),
        View::Flows => project.flows.len(),
        View::Tasks => project.tasks.iter().filter(|task| task.registrar.is_some()).count(),
        View::Diagnostics => project.diagnostics.len(),
        _ => 0,
    };
    if number == 0 { String::new() } else { format!(" {}", text::short_number(number)) }
}

/// Where the user came from, and at the right what the workbench is doing.
fn crumbs(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let status = status(model);
    let status_width = (status.width() as u16).min(area.width / 2);
    let mut x = area.x;
    let limit = area.right().saturating_sub(status_width + 2);
    let root = model.project.root.trim_end_matches('/');
    let root = Line::new(Role::Title, root.rsplit('/').next().unwrap_or(root));
    x += line::draw(theme, &root, x, area.y, limit.saturating_sub(x), buf);
    let steps = &model.history.back;
    let shown = steps.len().saturating_sub(3);
    let title = |stop: &'_ Stop| match stop.title.as_str() {
        "" => stop.view.title().to_owned(),
        title => title.to_owned(),
    };
    for (at, stop) in steps.iter().enumerate().skip(shown) {
        let name = title(stop);
        if steps.get(at + 1).is_some_and(|next| title(next) == name) {
            continue;
        }
        let name = text::truncate_start(&name, 28);
        let crumb = Line::new(Role::Border, " › ").push(Role::Dim, &name);
        let used = line::draw(theme, &crumb, x, area.y, limit.saturating_sub(x), buf);
        hits.push(Rect { x, width: used, ..area }, Hit::Crumb(at));
        x += used;
    }
    let here = Line::new(Role::Border, " › ").push(Role::Text, model.view.title());
    line::draw(theme, &here, x, area.y, limit.saturating_sub(x), buf);
    line::draw(theme, &status, area.right() - status_width, area.y, status_width, buf);
}

fn status(model: &Model) -> Line {
    let mut status = Line::default();
    if let Some(reason) = &model.gone {
        return status.push(Role::Error, reason);
    }
    if let Some(loading) = &model.loading {
        let text = match loading {
            Loading { done, total } if done < total => format!("reading {done}/{total}"),
            Loading { .. } => "linking …".into(),
        };
        status = status.push(Role::Info, &text);
    } else if !model.loaded {
        status = status.push(Role::Info, "reading …");
    } else if model.project.pending {
        // The saved files' own rows are new; what needs all files is about to follow.
        status = status.push(Role::Info, "linking …");
    }
    let (added, removed) = (model.change.added.len(), model.change.removed.len());
    if added + removed > 0 {
        status = gap(status).push(Role::Added, &format!("+{added} "));
        status = status.push(Role::Removed, &format!("−{removed}"));
    }
    let running = model.runs.running();
    if running > 0 {
        status = gap(status).push(Role::Success, &format!("▶ {running} running"));
    }
    match &model.compiling {
        Compiling::Running(count) => {
            status = gap(status).push(Role::Info, &format!("compiling {count} …"));
        }
        Compiling::Failed(_) => status = gap(status).push(Role::Warning, "does not compile"),
        Compiling::Off | Compiling::Done => {}
    }
    if let Some(note) = &model.watching {
        status = gap(status).push(Role::Warning, note);
    }
    if model.loaded {
        let files = text::count(model.project.files.len(), "file");
        let lines: usize = model.project.files.iter().map(|file| file.lines as usize).sum();
        let size = format!("{files}, {} lines", text::short_number(lines));
        status = gap(status).push(Role::Dim, &size);
    }
    status
}

fn gap(line: Line) -> Line {
    if line.is_empty() { line } else { line.push(Role::Text, "  ") }
}

/// The most useful keys now, as many as fit.
fn footer(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let mut x = area.x;
    for (at, command) in hints(model).into_iter().enumerate() {
        let Some(key) = model.keymap.key_of(command.id) else { continue };
        let width = (key.width() + 1 + command.title.width()) as u16;
        let gap = if at == 0 { 0 } else { 2 };
        if x + gap + width > area.right() {
            break;
        }
        x += gap;
        let enabled = (command.enabled)(model).is_ok();
        let role = if enabled { Role::Text } else { Role::Dim };
        let hint = Line::new(Role::Key, &key).push(Role::Text, " ").push(role, command.title);
        line::draw(theme, &hint, x, area.y, width, buf);
        let cells = Rect { x, width, ..area };
        if !enabled {
            buf.set_style(cells, theme.style(Role::Dim).add_modifier(Modifier::CROSSED_OUT));
        }
        hits.push(cells, Hit::Command(command.id));
        x += width;
    }
}

/// Commands of the current contexts that belong in the footer: those of the view, then the rest.
fn hints(model: &Model) -> Vec<&'static Command> {
    let contexts = model.contexts();
    let place =
        |command: &Command| contexts.iter().position(|context| command.contexts.contains(context));
    let mut hints: Vec<(usize, u8, &Command)> = command::table()
        .iter()
        .filter(|command| command.footer > 0)
        .filter_map(|command| Some((place(command)?, command.footer, command)))
        .collect();
    // What cannot be done now gives its room to what can.
    let is_off = |command: &Command| (command.enabled)(model).is_err();
    hints.sort_by_cached_key(|(place, footer, command)| (is_off(command), *place, *footer));
    // Help comes first: it leads to everything that does not fit.
    if contexts.contains(&Context::Global)
        && let Some(at) = hints.iter().position(|(.., command)| command.id == "view.help")
    {
        let help = hints.remove(at);
        hints.insert(0, help);
    }
    hints.into_iter().map(|(.., command)| command).collect()
}

/// Messages over the body's lower right corner; what may follow the keys typed, over its foot.
pub fn toasts(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let mut bottom = area.bottom();
    for toast in model.toasts.shown.iter().rev() {
        let width = area.width.saturating_sub(4).clamp(1, 72);
        let text = Line::new(toast.level.role(), &format!("{} ", toast.level.glyph()))
            .push(Role::Text, &toast.text);
        let rows = line::wrap(&text, width.saturating_sub(2) as usize);
        let rows = &rows[..rows.len().min(6)];
        let own = rows.iter().map(Line::width).max().unwrap_or(0) as u16 + 2;
        let height = rows.len() as u16;
        if bottom < area.y + height {
            break;
        }
        bottom -= height;
        let cells = Rect { x: area.right() - own, y: bottom, width: own, height };
        super::overlay::clear(theme, cells, buf);
        for (row, y) in rows.iter().zip(cells.y..) {
            line::draw(theme, row, cells.x + 1, y, own - 1, buf);
        }
        hits.push(cells, Hit::Command("app.escape"));
    }
    if model.hint && !model.typed.is_empty() {
        super::overlay::hint(model, theme, area, buf, hits);
    }
}
