//! A frame as text, as ANSI or as SVG: for pipes, tests, bug reports and the README.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::theme::Palette;

/// Lines of text; cells behind wide characters are left out, trailing blanks too.
pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|(_, cell)| cell.symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Lines of text with SGR sequences.
pub fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in rows(buffer) {
        let mut style = None;
        for (_, cell) in row {
            let own = (cell.fg, cell.bg, cell.modifier);
            if style != Some(own) {
                out.push_str(&sgr(cell));
                style = Some(own);
            }
            out.push_str(cell.symbol());
        }
        out.push_str("\x1b[0m\n");
    }
    out
}

/// The cells of each row with their columns, without those hidden behind wide characters.
fn rows(buffer: &Buffer) -> impl Iterator<Item = Vec<(u16, &Cell)>> {
    let area = buffer.area;
    (area.y..area.bottom()).map(move |y| {
        let mut row = Vec::with_capacity(area.width as usize);
        let mut x = area.x;
        while x < area.right() {
            let cell = &buffer[(x, y)];
            row.push((x - area.x, cell));
            x += cell.symbol().width().max(1) as u16;
        }
        row
    })
}

fn sgr(cell: &Cell) -> String {
    let mut codes = vec!["0".to_owned()];
    for (modifier, code) in [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
        (Modifier::CROSSED_OUT, "9"),
    ] {
        if cell.modifier.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    for (colour, base) in [(cell.fg, 30), (cell.bg, 40)] {
        if let Some(code) = colour_code(colour, base) {
            codes.push(code);
        }
    }
    format!("\x1b[{}m", codes.join(";"))
}

/// The SGR code of a colour; `base` is 30 for the foreground, 40 for the background.
fn colour_code(colour: Color, base: u8) -> Option<String> {
    match colour {
        Color::Reset => None,
        Color::Indexed(index) => Some(format!("{};5;{index}", base + 8)),
        Color::Rgb(red, green, blue) => Some(format!("{};2;{red};{green};{blue}", base + 8)),
        named => {
            let index = ansi_index(named)?;
            Some(if index < 8 { base + index } else { base + 52 + index }.to_string())
        }
    }
}

fn ansi_index(colour: Color) -> Option<u8> {
    use Color::{
        Black, Blue, Cyan, DarkGray, Gray, Green, LightBlue, LightCyan, LightGreen, LightMagenta,
        LightRed, LightYellow, Magenta, Red, White, Yellow,
    };
    const NAMED: [Color; 16] = [
        Black,
        Red,
        Green,
        Yellow,
        Blue,
        Magenta,
        Cyan,
        Gray,
        DarkGray,
        LightRed,
        LightGreen,
        LightYellow,
        LightBlue,
        LightMagenta,
        LightCyan,
        White,
    ];
    NAMED.iter().position(|named| *named == colour).map(|at| at as u8)
}

/// Width and height of a cell in the picture.
const CELL: (f32, f32) = (8.4, 18.0);

/// A picture of the frame, as a window on a quiet ground.
pub fn svg(buffer: &Buffer, palette: Palette) -> String {
    let (paper, ink) = match palette {
        Palette::Light => ("#fdfdfd", "#24292f"),
        Palette::Dark | Palette::Ansi | Palette::None => ("#16181d", "#d6dae0"),
    };
    let (width, height) = (
        f32::from(buffer.area.width) * CELL.0 + 24.0,
        f32::from(buffer.area.height) * CELL.1 + 24.0,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{paper}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\" fill=\"{ink}\" xml:space=\"preserve\">\n"
    );
    for (y, row) in rows(buffer).enumerate() {
        let top = 12.0 + y as f32 * CELL.1;
        for run in row.chunk_by(|a, b| look(a.1) == look(b.1) && is_narrow(a.1) && is_narrow(b.1)) {
            svg_run(&mut out, run, top, (paper, ink));
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn look(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

fn is_narrow(cell: &Cell) -> bool {
    cell.symbol().width() == 1
}

fn svg_run(out: &mut String, run: &[(u16, &Cell)], top: f32, (paper, ink): (&str, &str)) {
    let Some((column, cell)) = run.first() else { return };
    let text: String = run.iter().map(|(_, cell)| cell.symbol()).collect();
    let (x, cells) = (12.0 + f32::from(*column) * CELL.0, text.width() as f32);
    let mut fore = rgb(cell.fg);
    let mut back = rgb(cell.bg);
    if cell.modifier.contains(Modifier::REVERSED) {
        (fore, back) = (back.or(Some(paper.to_owned())), fore.or(Some(ink.to_owned())));
    }
    // Writing to a string cannot fail.
    if let Some(back) = back {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{back}\"/>",
            cells * CELL.0,
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut attributes = String::new();
    if let Some(fore) = fore {
        let _ = write!(attributes, " fill=\"{fore}\"");
    }
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::DIM, " opacity=\"0.6\""),
    ] {
        if cell.modifier.contains(modifier) {
            attributes.push_str(attribute);
        }
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"{attributes}>{text}</text>",
        top + 13.5,
        cells * CELL.0
    );
}

/// The colour a terminal commonly shows.
fn rgb(colour: Color) -> Option<String> {
    const NAMED: [&str; 16] = [
        "#1d1f21", "#cc6666", "#8abe6b", "#d9b35f", "#6f9fd8", "#b294bb", "#6fc2c0", "#c5c8c6",
        "#767a80", "#e07a7a", "#a5d68a", "#f0cf7f", "#8fb8ea", "#cbaed4", "#8fdad8", "#ffffff",
    ];
    match colour {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Indexed(index @ 0..=15) => Some(NAMED[index as usize].to_owned()),
        Color::Indexed(index @ 16..=231) => {
            let index = index - 16;
            let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
            let (red, green, blue) = (level(index / 36), level(index / 6 % 6), level(index % 6));
            Some(format!("#{red:02x}{green:02x}{blue:02x}"))
        }
        Color::Indexed(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        named => Some(NAMED[ansi_index(named)? as usize].to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn buffer() -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "漢<", Style::new().fg(Color::Indexed(80)));
        buffer.set_string(4, 0, "b", Style::new().add_modifier(Modifier::REVERSED));
        buffer
    }

    #[test]
    fn wide_characters_take_their_cells_once() {
        assert_eq!(text(&buffer()), "漢< b\n");
        assert_eq!(ansi(&buffer()), "\x1b[0;38;5;80m漢<\x1b[0m \x1b[0;7mb\x1b[0m \x1b[0m\n");
    }

    #[test]
    fn pictures_escape_text_and_keep_columns() {
        let picture = svg(&buffer(), Palette::Dark);
        assert!(picture.contains("&lt;") && picture.contains("#5fd7d7"));
        assert!(picture.contains("x=\"45.6\""), "the reversed cell stands in column 4");
    }
}
