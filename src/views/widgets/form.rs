//! A form: what it is about, its fields with their errors, and the command line that does the same.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{input, line, list, panel};
use crate::app::form::{Field, Form, Kind, Part};
use crate::app::model::Focus;
use crate::app::{Hit, Line, Model, Role};
use crate::views::hit::HitMap;
use crate::views::theme::Theme;

/// One row of the form's pane.
struct FormRow {
    line: Line,
    field: Option<usize>,
    /// The row that shows the field's value; where the label ends.
    value_at: Option<u16>,
}

/// Paints a form in the place of the detail pane, with the screen's detail above its fields.
pub fn draw(
    model: &Model,
    form: &Form,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) {
    let focused = model.focus == Focus::Detail;
    let divider = hits.at(area.x, area.y) == Hit::Divider;
    hits.push(area, Hit::Detail);
    if divider {
        hits.push(Rect { height: 1, ..area }, Hit::Divider);
    }
    let about = model.detail(model.view);
    let inner = panel::title(theme, area, focused, &about.title, "", buf);
    let text = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let rows = rows(form, &about.lines, text.width as usize, focused);

    let height = text.height as usize;
    let first = rows.iter().position(|row| row.field == Some(form.cursor)).unwrap_or(0);
    let last = rows.iter().rposition(|row| row.field == Some(form.cursor)).unwrap_or(0);
    let state = model.detail_state();
    let mut offset = state.offset.get();
    if last >= offset + height {
        offset = last + 1 - height;
    }
    // At the first field what stands above it is shown too, when there is room.
    let first = if form.cursor == 0 && last < height { 0 } else { first };
    offset = offset.min(first).min(rows.len().saturating_sub(height));
    state.offset.set(offset);

    for (y, row) in (text.y..text.bottom()).zip(rows.iter().skip(offset)) {
        line::draw(theme, &row.line, text.x, y, text.width, buf);
        let whole = Rect { y, height: 1, ..inner };
        let Some(field) = row.field else { continue };
        hits.push(whole, Hit::Item(field));
        let here = focused && field == form.cursor;
        if let (Some(value_at), true) = (row.value_at, here) {
            buf.set_string(whole.x, y, "▌", theme.style(Role::Accent));
            list::select(theme, whole, true, buf);
            if let Some(typed) = &form.typing {
                let x = text.x + value_at;
                let cells = Rect { x, y, width: text.right().saturating_sub(x), height: 1 };
                let blank = " ".repeat(cells.width as usize);
                buf.set_stringn(x, y, &blank, cells.width as usize, theme.selection);
                input::draw(theme, typed, true, cells, buf, hits);
            }
        }
    }
    list::scrollbar(theme, inner, offset, rows.len(), buf);
}

fn rows(
    form: &Form,
    about: &[crate::app::detail::DetailLine],
    width: usize,
    focused: bool,
) -> Vec<FormRow> {
    let mut rows: Vec<FormRow> = Vec::new();
    let mut push = |line: Line, field: Option<usize>| {
        for line in line::wrap(&line, width) {
            rows.push(FormRow { line, field, value_at: None });
        }
    };
    for shown in about {
        push(shown.line.clone(), None);
    }
    if form.fields.iter().all(Field::is_setting) {
        push(Line::default(), None);
        push(Line::dim("It takes no input."), None);
    }
    let widest = form.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
    let label_width = widest.clamp(6, 18);
    let mut part = None;
    for (at, field) in form.fields.iter().enumerate() {
        if part != Some(field.part) {
            let title = match field.part {
                Part::Input => "Input",
                Part::HowToRun => "How to run",
                Part::Sweep => "Many inputs",
            };
            rows.push(FormRow { line: Line::default(), field: None, value_at: None });
            rows.push(FormRow { line: Line::new(Role::Title, title), field: None, value_at: None });
        }
        part = Some(field.part);
        field_rows(field, at, label_width, width, focused && at == form.cursor, &mut rows);
    }
    for problem in &form.problems {
        rows.push(FormRow { line: Line::new(Role::Error, problem), field: None, value_at: None });
    }
    rows.push(FormRow { line: Line::default(), field: None, value_at: None });
    let command = Line::dim("$ ").push(Role::Dim, &form.command_line());
    for line in line::wrap(&command, width) {
        rows.push(FormRow { line, field: None, value_at: None });
    }
    rows
}

fn field_rows(
    field: &Field,
    at: usize,
    label_width: usize,
    width: usize,
    here: bool,
    rows: &mut Vec<FormRow>,
) {
    let mark = match (&field.error, field.required) {
        (Some(_), _) if field.touched => "✗",
        (_, true) if field.text.is_empty() => "•",
        _ => " ",
    };
    let mark_role = if mark == "✗" { Role::Error } else { Role::Accent };
    let name = crate::app::text::truncate(&field.name, label_width);
    let label = Line::new(mark_role, mark)
        .push(Role::Text, " ")
        .push(if here { Role::Accent } else { Role::Text }, &format!("{name:<label_width$}  "));
    let value_at = label.width() as u16;
    let mut line = label;
    line = match &field.kind {
        Kind::Choice(_) if field.text.is_empty() => {
            line.push(Role::Dim, &format!("‹ {} ›", field.placeholder()))
        }
        Kind::Choice(_) => {
            line.push(Role::Dim, "‹ ").push(Role::String, &field.text).push(Role::Dim, " ›")
        }
        _ if field.text.is_empty() => line.push(Role::Dim, &field.placeholder()),
        _ => line.push(Role::String, &field.text),
    };
    // The type stands at the right edge where there is room.
    let type_width = field.type_.chars().count();
    if line.width() + type_width + 2 <= width {
        let gap = " ".repeat(width - line.width() - type_width);
        line = line.push(Role::Text, &gap).push(Role::Type, &field.type_);
    }
    rows.push(FormRow { line, field: Some(at), value_at: Some(value_at) });
    let indent = " ".repeat(label_width + 4);
    if let Some(error) = field.error.as_ref().filter(|_| field.touched || here) {
        let line = Line::text(&indent).push(Role::Error, error);
        rows.extend(line::wrap(&line, width).into_iter().map(|line| FormRow {
            line,
            field: Some(at),
            value_at: None,
        }));
    }
    if let Some(doc) = field.doc.as_ref().filter(|_| here && !field.is_setting()) {
        let line = Line::text(&indent).push(Role::Comment, doc);
        rows.extend(line::wrap(&line, width).into_iter().map(|line| FormRow {
            line,
            field: Some(at),
            value_at: None,
        }));
    }
}
