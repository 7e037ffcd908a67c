//! Colours of a program's output as roles; its other terminal sequences go.
//!
//! Select Graphic Rendition: ECMA-48, section 8.3.117.

use anstyle_parse::{DefaultCharAccumulator, Params, Parser, Perform};

use super::text::{Line, Role};

/// One printed line: text in `plain` where no colour was chosen.
pub fn line(printed: &str, plain: Role) -> Line {
    let mut painter = Painter { plain, role: plain, text: String::new(), line: Line::default() };
    let mut parser = Parser::<DefaultCharAccumulator>::new();
    for byte in printed.bytes() {
        parser.advance(&mut painter, byte);
    }
    painter.flush();
    painter.line
}

struct Painter {
    plain: Role,
    role: Role,
    /// What was printed since the role last changed.
    text: String,
    line: Line,
}

impl Painter {
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.line = std::mem::take(&mut self.line).push(self.role, &text);
    }

    fn choose(&mut self, role: Role) {
        if role != self.role {
            self.flush();
            self.role = role;
        }
    }
}

impl Perform for Painter {
    fn print(&mut self, character: char) {
        self.text.push(character);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            // A progress bar redraws its line: what was last drawn counts.
            b'\r' => {
                self.text.clear();
                self.line = Line::default();
            }
            byte => self.text.push(byte.into()),
        }
    }

    fn csi_dispatch(&mut self, params: &Params, _: &[u8], _: bool, action: u8) {
        if action != b'm' {
            return;
        }
        let mut values = params.iter().map(|param| param.first().copied().unwrap_or_default());
        while let Some(value) = values.next() {
            let role = match value {
                0 | 39 => self.plain,
                1 if self.role == self.plain => Role::Title,
                2 if self.role == self.plain => Role::Dim,
                22 if matches!(self.role, Role::Title | Role::Dim) => self.plain,
                31 | 91 => Role::Error,
                32 | 92 => Role::Success,
                33 | 93 => Role::Warning,
                34 | 36 | 94 | 96 => Role::Info,
                35 | 95 => Role::Accent,
                30 | 90 => Role::Dim,
                37 | 97 => Role::Text,
                // An indexed or direct colour: its numbers are no codes of their own.
                38 | 48 => {
                    let numbers = if values.next() == Some(2) { 3 } else { 1 };
                    values.by_ref().take(numbers).for_each(drop);
                    continue;
                }
                _ => continue,
            };
            self.choose(role);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(printed: &str) -> Vec<(Role, String)> {
        line(printed, Role::Text).spans.into_iter().map(|span| (span.role, span.text)).collect()
    }

    #[test]
    fn colours_become_roles_and_nothing_else_is_left() {
        let of = |role, text: &str| (role, text.to_owned());
        assert_eq!(
            roles("a\x1b[1;32mok\x1b[0mb\x1b[38;5;31mc\x1b[38;2;31;32;33md"),
            [of(Role::Text, "a"), of(Role::Success, "ok"), of(Role::Text, "bcd")]
        );
        assert_eq!(roles("\x1b]0;title\x07x\x1b[2Ky\x1b(Bz"), [of(Role::Text, "xyz")]);
        assert_eq!(roles("\x1b[31m10%\r20%"), [of(Role::Error, "20%")]);
        assert_eq!(roles("cut \x1b[3"), [of(Role::Text, "cut ")]);
    }
}
