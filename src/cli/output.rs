//! Printing: JSON for programs, aligned tables for people.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{CliError, Color, Common};
use crate::model::printable;

/// Prints one JSON value; indented on a terminal, on one line otherwise.
///
/// # Errors
/// When stdout cannot be written.
pub fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let stdout = std::io::stdout();
    let pretty = stdout.is_terminal();
    let mut out = std::io::BufWriter::new(stdout.lock());
    let written = if pretty {
        serde_json::to_writer_pretty(&mut out, value)
    } else {
        serde_json::to_writer(&mut out, value)
    };
    written.map_err(std::io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Prints text as it is, with a line break at the end.
///
/// # Errors
/// When stdout cannot be written.
pub fn print_text(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}

/// A table under construction. Cells are made safe for the terminal; the last column may be long.
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &[&str]) -> Self {
        let headings = headings.iter().map(|heading| printable(heading).into_owned());
        Self { headings: headings.collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        let cells =
            cells.into_iter().map(Into::into).map(|cell: String| printable(&cell).into_owned());
        self.rows.push(cells.collect());
    }

    /// Prints the table, or `nothing` when it has no rows.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn print(&self, common: &Common, nothing: &str) -> Result<(), CliError> {
        if self.rows.is_empty() {
            return print_text(nothing);
        }
        let bold = if uses_color(common) { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width()).min(72);
            }
        }
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        writeln!(out, "{}{}{}", bold.0, line(&self.headings, &widths), bold.1)?;
        for row in &self.rows {
            writeln!(out, "{}", line(row, &widths))?;
        }
        out.flush()?;
        Ok(())
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if at > 0 {
            line.push_str("  ");
        }
        line.push_str(cell);
        if at + 1 < cells.len() {
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width())));
        }
    }
    line.trim_end().to_owned()
}

/// Whether escapes may be written to stdout.
pub fn uses_color(common: &Common) -> bool {
    match common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            !refused && std::io::stdout().is_terminal()
        }
    }
}
