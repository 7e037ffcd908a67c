//! Markdown laid out for a width: headings, paragraphs, lists with hanging indents, tables, code.

use pulldown_cmark::{Alignment, CodeBlockKind, Event, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::text::{Line, Role, Span};
use crate::knowledge::{markdown_options, slug};

/// One row of rendered markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    pub line: Line,
    /// The first link that starts on the row.
    pub link: Option<String>,
    /// Set on headings: level and slug.
    pub heading: Option<(u8, String)>,
    /// The fenced block the row belongs to and the number of the row in it.
    pub code: Option<(usize, usize)>,
}

/// A fenced block, to be highlighted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeBlock {
    /// The first word of its info string.
    pub language: String,
    pub text: String,
}

/// Markdown as rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub rows: Vec<Rendered>,
    pub code: Vec<CodeBlock>,
}

/// Renders markdown into rows of at most `width` cells; only code may be wider.
pub fn render(source: &str, width: usize) -> Document {
    let mut renderer = Renderer {
        width: width.max(20),
        document: Document::default(),
        inline: Vec::new(),
        prefixes: Vec::new(),
        roles: vec![Role::Text],
        link: None,
        heading: None,
        lists: Vec::new(),
        code: None,
        table: None,
        tight: false,
    };
    for event in Parser::new_ext(source, markdown_options()) {
        renderer.event(event);
    }
    renderer.flush();
    while renderer.document.rows.last().is_some_and(|row| row.line.is_empty()) {
        renderer.document.rows.pop();
    }
    renderer.document
}

/// A piece of running text.
#[derive(Debug, Clone)]
struct Piece {
    role: Role,
    text: String,
    link: Option<String>,
}

struct Renderer {
    width: usize,
    document: Document,
    /// Running text of the open paragraph, heading or cell.
    inline: Vec<Piece>,
    /// What stands before each row of the open blocks: first row, further rows.
    prefixes: Vec<(Line, Line)>,
    roles: Vec<Role>,
    link: Option<String>,
    heading: Option<u8>,
    /// Per open list its next number; `None` for bullets.
    lists: Vec<Option<u64>>,
    code: Option<CodeBlock>,
    table: Option<Table>,
    /// Within a list item: no blank row after its text.
    tight: bool,
}

#[derive(Debug, Default)]
struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Vec<Piece>>>,
}

impl Renderer {
    fn event(&mut self, event: Event) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.text.push_str(&text),
                None => self.text(&text),
            },
            Event::Code(text) => {
                self.roles.push(Role::Constant);
                self.text(&text);
                self.roles.pop();
            }
            Event::SoftBreak => self.text(" "),
            Event::HardBreak => {
                let tight = std::mem::replace(&mut self.tight, true);
                self.flush();
                self.tight = tight;
            }
            Event::Rule => {
                self.flush();
                let line = Line::new(Role::Border, &"─".repeat(self.room()));
                self.row(Rendered { line, ..Rendered::default() });
                self.blank();
            }
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                if !self.document.rows.is_empty() {
                    self.blank();
                }
                self.heading = Some(level as u8);
                self.roles.push(if level as u8 <= 2 { Role::Title } else { Role::Accent });
            }
            Tag::BlockQuote(_) => {
                self.flush();
                let bar = Line::new(Role::Accent, "▎ ");
                self.prefixes.push((bar.clone(), bar));
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split_whitespace().next().unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some(CodeBlock { language, text: String::new() });
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                let (mark, role) = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let mark = format!("{number}. ");
                        *number += 1;
                        (mark, Role::Dim)
                    }
                    _ => ("• ".to_owned(), Role::Accent),
                };
                let hang = Line::text(&" ".repeat(mark.width()));
                self.prefixes.push((Line::new(role, &mark), hang));
                self.tight = true;
            }
            Tag::Emphasis => self.roles.push(Role::Emphasis),
            Tag::Strong => self.roles.push(Role::Title),
            Tag::Strikethrough => self.roles.push(Role::Dim),
            Tag::Link { dest_url, .. } => {
                self.link = Some(dest_url.to_string());
                self.roles.push(Role::Link);
            }
            Tag::Table(alignments) => {
                self.flush();
                self.table = Some(Table { alignments, rows: Vec::new() });
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.flush();
                if !self.tight {
                    self.blank();
                }
            }
            TagEnd::Heading(_) => {
                let level = self.heading.take().unwrap_or(1);
                self.roles.pop();
                let text: String = self.inline.iter().map(|piece| piece.text.as_str()).collect();
                let first = self.document.rows.len();
                self.tight = true;
                self.flush();
                self.tight = false;
                if let Some(row) = self.document.rows.get_mut(first) {
                    row.heading = Some((level, slug(&text)));
                }
                if level <= 2 {
                    let rule = if level == 1 { "━" } else { "─" };
                    let length = text.width().min(self.width);
                    let line = Line::new(Role::Border, &rule.repeat(length));
                    self.row(Rendered { line, ..Rendered::default() });
                }
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                // The blank row of the last paragraph belongs below the quote.
                if self.document.rows.last().is_some_and(|row| row.line.plain().trim() == "▎") {
                    self.document.rows.pop();
                }
                self.prefixes.pop();
                self.blank();
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.blank();
                }
            }
            TagEnd::Item => {
                self.flush();
                self.prefixes.pop();
                self.tight = !self.lists.is_empty() && !self.prefixes.is_empty();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.roles.pop();
            }
            TagEnd::Link => {
                self.roles.pop();
                self.link = None;
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.table(&table);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let role = self.roles.last().copied().unwrap_or_default();
        self.inline.push(Piece { role, text: text.to_owned(), link: self.link.clone() });
    }

    /// Cells left for text beside the open blocks' prefixes.
    fn room(&self) -> usize {
        let taken: usize = self.prefixes.iter().map(|(first, _)| first.width()).sum();
        self.width.saturating_sub(taken).max(8)
    }

    /// Writes the running text out, wrapped.
    fn flush(&mut self) {
        let pieces = std::mem::take(&mut self.inline);
        if pieces.is_empty() {
            return;
        }
        for (line, link) in wrap(&pieces, self.room()) {
            self.row(Rendered { line, link, ..Rendered::default() });
        }
    }

    /// Adds a row behind the prefixes; their first form is used up by it.
    fn row(&mut self, mut row: Rendered) {
        let mut line = Line::default();
        for (first, further) in &mut self.prefixes {
            line.spans.extend(first.spans.iter().cloned());
            *first = further.clone();
        }
        line.spans.append(&mut row.line.spans);
        row.line = line;
        self.document.rows.push(row);
    }

    /// A blank row, unless there is one.
    fn blank(&mut self) {
        if self.document.rows.last().is_some_and(|row| !row.line.plain().trim().is_empty()) {
            self.row(Rendered::default());
        }
    }

    fn code_block(&mut self) {
        let Some(block) = self.code.take() else { return };
        let number = self.document.code.len();
        for (at, text) in block.text.lines().enumerate() {
            let line = Line::new(Role::Border, "│ ").push(Role::Text, text);
            self.row(Rendered { line, code: Some((number, at)), ..Rendered::default() });
        }
        self.document.code.push(block);
        let tight = std::mem::replace(&mut self.tight, false);
        self.blank();
        self.tight = tight;
    }

    /// Columns as wide as their text where that fits; else the wide ones share what is left and
    /// their cells wrap.
    fn table(&mut self, table: &Table) {
        let count = table.rows.iter().map(Vec::len).max().unwrap_or(0);
        if count == 0 {
            return;
        }
        let width = |cell: &[Piece]| cell.iter().map(|piece| piece.text.width()).sum::<usize>();
        let natural: Vec<usize> = (0..count)
            .map(|column| {
                let cells = table.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| width(cell)).max().unwrap_or(0).max(1)
            })
            .collect();
        let widths = share(&natural, self.room().saturating_sub(3 * (count - 1)));
        for (at, row) in table.rows.iter().enumerate() {
            let cells: Vec<Vec<(Line, Option<String>)>> = (0..count)
                .map(|column| {
                    let mut cell = row.get(column).cloned().unwrap_or_default();
                    if at == 0 {
                        cell.iter_mut().for_each(|piece| piece.role = Role::Title);
                    }
                    wrap(&cell, widths[column])
                })
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(1).max(1);
            for line_number in 0..height {
                let mut line = Line::default();
                let mut link = None;
                for (column, cell) in cells.iter().enumerate() {
                    if column > 0 {
                        line = line.push(Role::Border, " │ ");
                    }
                    let (text, own_link) = cell.get(line_number).cloned().unwrap_or_default();
                    link = link.or(own_link);
                    let spare = widths[column].saturating_sub(text.width());
                    let right = table.alignments.get(column) == Some(&Alignment::Right);
                    let (before, after) = if right { (spare, 0) } else { (0, spare) };
                    line = line.push(Role::Text, &" ".repeat(before));
                    line.spans.extend(text.spans);
                    if column + 1 < count {
                        line = line.push(Role::Text, &" ".repeat(after));
                    }
                }
                self.row(Rendered { line, link, ..Rendered::default() });
            }
            if at == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                let line = Line::new(Role::Border, &rules.join("─┼─"));
                self.row(Rendered { line, ..Rendered::default() });
            }
        }
        self.blank();
    }
}

/// Shares `room` among columns: narrow ones get what they need, the others equal parts.
fn share(natural: &[usize], room: usize) -> Vec<usize> {
    let mut widths = natural.to_vec();
    if natural.iter().sum::<usize>() <= room {
        return widths;
    }
    let mut open: Vec<usize> = (0..natural.len()).collect();
    let mut left = room;
    loop {
        let part = (left / open.len().max(1)).max(4);
        let (small, large): (Vec<usize>, Vec<usize>) =
            open.iter().copied().partition(|at| natural[*at] <= part);
        if small.is_empty() || large.is_empty() {
            for at in &open {
                widths[*at] = natural[*at].min(part);
            }
            return widths;
        }
        left = left.saturating_sub(small.iter().map(|at| natural[*at]).sum());
        open = large;
    }
}

/// Breaks running text at spaces into rows of at most `width` cells; a longer word is cut.
fn wrap(pieces: &[Piece], width: usize) -> Vec<(Line, Option<String>)> {
    let mut rows: Vec<(Line, Option<String>)> = Vec::new();
    let mut line = Line::default();
    let mut link = None;
    let mut used = 0;
    for word in words(pieces) {
        let wide: usize = word.iter().map(|piece| piece.text.width()).sum();
        let blank = word.iter().all(|piece| piece.text.trim().is_empty());
        if used + wide > width && used > 0 {
            rows.push((std::mem::take(&mut line), link.take()));
            used = 0;
        }
        if blank && used == 0 {
            continue;
        }
        for piece in word {
            let mut text = piece.text.as_str();
            // A word longer than a row goes on in the next.
            while used + text.width() > width && width > 1 {
                let cut = fitting(text, width - used);
                push(&mut line, piece.role, &text[..cut]);
                link = link.or(piece.link.clone());
                rows.push((std::mem::take(&mut line), link.take()));
                text = &text[cut..];
                used = 0;
            }
            push(&mut line, piece.role, text);
            used += text.width();
            link = link.or(piece.link.clone());
        }
    }
    if !line.is_empty() || rows.is_empty() {
        rows.push((line, link));
    }
    for (line, _) in &mut rows {
        trim_end(line);
    }
    rows
}

/// The bytes of `text` that fit into `room` cells, at least one character.
fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    let mut cut = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += cluster.width();
        if used > room && cut > 0 {
            break;
        }
        cut = at + cluster.len();
        if used > room {
            break;
        }
    }
    cut
}

/// Splits running text into words and the spaces between them; a word may change role inside.
fn words(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut words: Vec<Vec<Piece>> = Vec::new();
    let mut in_word = false;
    for piece in pieces {
        let mut rest = piece.text.as_str();
        while let Some(first) = rest.chars().next() {
            let space = first == ' ';
            let end = rest.find(|c: char| (c == ' ') != space).unwrap_or(rest.len());
            let part = Piece { text: rest[..end].to_owned(), ..piece.clone() };
            match words.last_mut() {
                Some(word) if in_word && !space => word.push(part),
                _ => words.push(vec![part]),
            }
            in_word = !space;
            rest = &rest[end..];
        }
    }
    words
}

fn push(line: &mut Line, role: Role, text: &str) {
    match line.spans.last_mut() {
        Some(span) if span.role == role && !text.is_empty() => {
            span.text.push_str(&super::text::sanitise(text));
        }
        _ => *line = std::mem::take(line).push(role, text),
    }
}

fn trim_end(line: &mut Line) {
    while let Some(Span { text, .. }) = line.spans.last_mut() {
        let kept = text.trim_end_matches(' ').len();
        text.truncate(kept);
        if kept > 0 {
            break;
        }
        line.spans.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, width: usize) -> String {
        let rows = render(source, width).rows;
        rows.iter().map(|row| row.line.plain() + "\n").collect()
    }

    #[test]
    fn paragraphs_wrap_and_lists_hang() {
        let source = "One two three four five.\n\n- first item that wraps here\n  - inner point\n- second\n\n3. third\n4. fourth";
        assert_eq!(
            shown(source, 20),
            "One two three four\nfive.\n\n• first item that\n  wraps here\n  • inner point\n• second\n\n3. third\n4. fourth\n"
        );
    }

    #[test]
    fn tables_fit_or_wrap_their_widest_columns() {
        let source = "| a | words |\n|--|--:|\n| 1 | one two three four five six |\n";
        assert_eq!(
            shown(source, 60),
            "a │                       words\n──┼────────────────────────────\n1 │ one two three four five six\n"
        );
        let narrow = shown(source, 20);
        assert!(narrow.lines().all(|line| line.width() <= 20), "{narrow}");
        assert!(narrow.contains("five six"));
    }

    #[test]
    fn code_keeps_its_lines_and_headings_their_slugs() {
        let document = render("# A `b` c\n\n```py detect\nx = 1\n\n  y\n```\n", 30);
        assert_eq!(
            document.code,
            [CodeBlock { language: "py".into(), text: "x = 1\n\n  y\n".into() }]
        );
        let code: Vec<_> = document.rows.iter().filter_map(|row| row.code).collect();
        assert_eq!(code, [(0, 0), (0, 1), (0, 2)]);
        assert_eq!(document.rows[0].heading, Some((1, "a-b-c".into())));
    }

    #[test]
    fn links_are_known_by_row_and_long_words_are_cut() {
        let document =
            render("See [the page](other-page#cost) and supercalifragilisticexpialidocious.", 20);
        assert_eq!(document.rows[0].link.as_deref(), Some("other-page#cost"));
        assert!(document.rows.iter().all(|row| row.line.width() <= 20));
        let all: String = document.rows.iter().map(|row| row.line.plain()).collect();
        assert!(all.contains("supercalifragilistic") && all.contains("expialidocious"));
    }

    #[test]
    fn hostile_text_is_made_visible() {
        let text = shown("a \u{1b}[31m b", 40);
        assert!(!text.contains('\u{1b}') && text.contains('␛'));
    }
}
