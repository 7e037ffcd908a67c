//! The calls in the text that `rustc --emit=mir -Zmir-include-spans=on` writes.
//!
//! The text is made for people and its form may change: what cannot be read is passed over. It is
//! read line by line, since a large crate's has hundreds of megabytes.

mod callee;

use std::io::{self, BufRead};

use rustc_hash::FxHashMap;

use crate::model::{CodeSpan, CompiledBody, CompiledCall, Name};

/// Longer lines hold constants, never a call that anyone could read.
const LINE_LIMIT: usize = 1 << 20;

/// The bodies of one crate. File names are the compiler's own: relative to the folder it ran in, or
/// absolute; `root` is put into every body as it is.
///
/// # Errors
/// When reading fails.
pub fn read(text: impl BufRead, root: &Name) -> io::Result<Vec<CompiledBody>> {
    let mut reader = Reader { root: root.clone(), ..Reader::default() };
    for line in text.split(b'\n') {
        let line = line?;
        if line.len() <= LINE_LIMIT {
            reader.line(&String::from_utf8_lossy(&line));
        }
    }
    Ok(reader.bodies)
}

#[derive(Default)]
struct Reader {
    root: Name,
    bodies: Vec<CompiledBody>,
    /// Set while the lines of a body are read.
    body: Option<CompiledBody>,
    /// The callee of the last terminator, until the place of its name has been read.
    callee: Option<crate::model::Callee>,
    /// The last place in the body that lies in the workspace.
    near: Option<CodeSpan>,
    names: FxHashMap<String, Name>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if !line.starts_with(' ') {
            self.callee = None;
            if let Some(path) = header(line) {
                let path = self.name(path);
                let (root, place, calls) = (self.root.clone(), None, Vec::new());
                self.body = Some(CompiledBody { root, path, place, calls });
                self.near = None;
            } else if line.starts_with('}')
                && let Some(body) = self.body.take()
                && !body.calls.is_empty()
            {
                self.bodies.push(body);
            }
            return;
        }
        if self.body.is_none() {
            return;
        }
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("// ") {
            if let Some(place) = comment.strip_prefix("+ span: ")
                && let Some(callee) = self.callee.take()
            {
                self.call(callee, place);
            }
            return;
        }
        if let Some((_, place)) = line.split_once("// return place in scope ") {
            let span = place.split_once(" at ").and_then(|(_, place)| self.span(place));
            if let Some(body) = &mut self.body {
                body.place = span;
            }
            return;
        }
        let Some((code, place)) = line.rsplit_once("// scope ") else { return };
        self.callee = callee::terminator(code.trim_end()).and_then(callee::parse);
        if let Some(near) = place.split_once(" at ").and_then(|(_, place)| self.span(place))
            && is_of_workspace(&near)
        {
            self.near = Some(near);
        }
    }

    /// A call whose name stands in a macro of another crate is told at the nearest place of ours.
    fn call(&mut self, callee: crate::model::Callee, place: &str) {
        let Some(mut span) = self.span(place) else { return };
        if !is_of_workspace(&span) {
            let Some(near) = &self.near else { return };
            span = near.clone();
        }
        if let Some(body) = &mut self.body {
            body.calls.push(CompiledCall { span, callee });
        }
    }

    /// `file:1:2: 3:4`
    fn span(&mut self, text: &str) -> Option<CodeSpan> {
        let text = text.trim();
        let text = text.split_once(" (#").map_or(text, |(place, _)| place);
        let mut parts = text.rsplitn(5, ':');
        let mut number = || parts.next()?.trim().parse::<u32>().ok();
        let end_column = number()?;
        let end_line = number()?;
        let column = number()?;
        let line = number()?;
        let file = parts.next()?;
        let file = self.name(file);
        Some(CodeSpan { file, line, column, end_line, end_column })
    }

    fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.names.get(text) {
            return known.clone();
        }
        let name = Name::from(text);
        self.names.insert(text.to_owned(), name.clone());
        name
    }
}

/// Cargo runs the compiler for members in the workspace's folder, so their files are relative.
fn is_of_workspace(span: &CodeSpan) -> bool {
    !span.file.starts_with(['/', '<']) && !span.file.contains(":\\")
}

/// The path of the body that a line begins: `fn a::b(_1: T) -> U {`, `const a::N: usize = {`.
fn header(line: &str) -> Option<&str> {
    let line = line.strip_suffix('{')?;
    if let Some(rest) = line.strip_prefix("fn ") {
        return callee::until(rest, |rest| rest.starts_with('('));
    }
    let rest = ["const ", "static mut ", "static "].iter().find_map(|kind| line.strip_prefix(kind));
    callee::until(rest?, |rest| rest.starts_with(": "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Callee, TypeHead};

    const TEXT: &str = r#"// WARNING: This output format is intended for human consumers only
fn shapes::<impl at src/lib.rs:9:5: 9:36>::area(_1: &std::vec::Vec<T>) -> f64 {
    let mut _0: f64;                     // return place in scope 0 at src/lib.rs:9:55: 9:58

    bb0: {
        _5 = <std::vec::Vec<T> as std::ops::Deref>::deref(copy _1) -> [return: bb1, unwind continue]; // scope 0 at src/lib.rs:9:63: 9:74
                                         // mir::ConstOperand
                                         // + span: src/lib.rs:9:63: 9:74
                                         // + const_: Const { ty: fn(), val: Value(x) }
        drop(_3) -> [return: bb3, unwind continue]; // scope 0 at src/lib.rs:9:75: 9:76
        _6 = move _15(const 2f64) -> [return: bb1, unwind continue]; // scope 0 at src/lib.rs:9:80: 9:84
                                         // mir::ConstOperand
                                         // + span: src/lib.rs:9:82: 9:83
    }

    bb1: {
        _4 = other::<impl shapes::Square>::grow::<fn(f64) -> f64 {double}>(move _5, const ") -> [") -> [return: bb2, unwind continue]; // scope 0 at src/lib.rs:9:68: 9:74
                                         // mir::ConstOperand
                                         // + span: src/lib.rs:9:68: 9:72
        _7 = std::rt::panic_fmt(move _9) -> unwind continue; // scope 1 at src/lib.rs:9:90: 9:99
                                         // mir::ConstOperand
                                         // + span: /rustc/abc/library/std/src/macros.rs:14:9: 14:27
    }
}

alloc7 (size: 1, align: 1) {
    72                                              │ r
}

const TABLE::promoted[0]: &[fn(f64) -> f64; 1] = {
    let mut _0: &[fn(f64) -> f64; 1];    // return place in scope 0 at src/lib.rs:4:1: 4:2

    bb0: {
        _1 = len() -> [return: bb1, unwind continue]; // scope 0 at src/lib.rs:4:5: 4:10
                                         // mir::ConstOperand
                                         // + span: src/lib.rs:4:5: 4:8
    }
}
"#;

    #[test]
    fn bodies_and_calls_are_read() {
        let bodies = read(TEXT.as_bytes(), &"src/lib.rs".into()).unwrap();
        let paths: Vec<&str> = bodies.iter().map(|body| &*body.path).collect();
        assert_eq!(paths, ["shapes::<impl at src/lib.rs:9:5: 9:36>::area", "TABLE::promoted[0]"]);
        assert_eq!(bodies[0].place.as_ref().map(|place| (place.line, place.column)), Some((9, 55)));
        let calls: Vec<(&Callee, u32)> =
            bodies[0].calls.iter().map(|call| (&call.callee, call.span.column)).collect();
        let member = |on: &str, trait_: Option<&str>, name: &str| Callee::Member {
            on: TypeHead::Named(on.into()),
            trait_: trait_.map(Into::into),
            name: name.into(),
        };
        let deref = member("std::vec::Vec", Some("std::ops::Deref"), "deref");
        let grow = member("shapes::Square", None, "grow");
        let panic = Callee::Path("std::rt::panic_fmt".into());
        assert_eq!(calls, [(&deref, 63), (&grow, 68), (&panic, 90)]);
    }

    #[test]
    fn nothing_makes_it_fail() {
        let text =
            "fn a( {\n _1 = <<<<(((\n _1 = ) -> [x // scope 0 at a:b\n // + span: ::::\n}\n}";
        assert_eq!(read(text.as_bytes(), &"".into()).unwrap(), []);
        let mut bytes = vec![b'f', b'n', b' ', 0xff, b'('];
        bytes.extend(std::iter::repeat_n(b'<', 100_000));
        assert!(read(&bytes[..], &"".into()).unwrap().is_empty());
    }
}
