//! Bytes on disk → text, or the reason why not.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::model::{Diagnostic, Language, Name, Severity};

/// Larger files are data in disguise: the largest hand-written source we met has 1.2 MB.
pub const MAX_BYTES: u64 = 16 << 20;

/// Reads the text of a project's file as the analysis saw it (byte-order mark removed, declared
/// encodings decoded).
pub fn read_text(root: &Path, path: &str) -> Option<Arc<str>> {
    read(&root.join(path), &path.into(), Language::of_path(path).unwrap_or(Language::Python)).ok()
}

/// Reads one source file; the error is a diagnostic at the place that is wrong.
pub fn read(full: &Path, path: &Name, language: Language) -> Result<Arc<str>, Diagnostic> {
    let problem = |line, column, code: &str, message: String| Diagnostic {
        file: path.clone(),
        line,
        column,
        severity: Severity::Error,
        code: code.into(),
        message,
    };
    let unreadable =
        |error: std::io::Error| problem(1, 1, "unreadable", format!("cannot be read: {error}"));
    let file = std::fs::File::open(full).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let too_large = || {
        let message = format!("larger than {} MB: not analysed", MAX_BYTES >> 20);
        problem(1, 1, "too-large", message)
    };
    if size > MAX_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(size as usize + 1);
    // A file may grow, or lie about its size, while it is read.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large());
    }
    match decode(bytes, language) {
        Ok(text) => Ok(text.into()),
        Err(Undecodable::Binary(line)) => {
            Err(problem(line, 1, "binary", "holds NUL bytes: not text".into()))
        }
        Err(Undecodable::NotUtf8 { line, column, byte }) => Err(problem(
            line,
            column,
            "not-utf8",
            format!(
                "byte 0x{byte:02x} is not UTF-8: save the file as UTF-8 or declare its encoding"
            ),
        )),
        Err(Undecodable::Encoding(name)) => Err(problem(
            1,
            1,
            "unknown-encoding",
            format!("declared encoding {name:?} is not supported: save the file as UTF-8"),
        )),
    }
}

enum Undecodable {
    Binary(u32),
    NotUtf8 { line: u32, column: u32, byte: u8 },
    Encoding(String),
}

fn decode(bytes: Vec<u8>, language: Language) -> Result<String, Undecodable> {
    let line_at =
        |end: usize| bytes[..end].iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
    if let Some(nul) = bytes.iter().position(|byte| *byte == 0) {
        return Err(Undecodable::Binary(line_at(nul)));
    }
    let failure = match std::str::from_utf8(&bytes) {
        Ok(_) => None,
        Err(error) => {
            let at = error.valid_up_to();
            let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let column = String::from_utf8_lossy(&bytes[start..at]).chars().count() as u32 + 1;
            Some(Undecodable::NotUtf8 { line: line_at(at), column, byte: bytes[at] })
        }
    };
    let Some(failure) = failure else {
        let mut text = String::from_utf8(bytes).unwrap_or_default();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        return Ok(text);
    };
    match declared_encoding(&bytes).filter(|_| language == Language::Python) {
        None => Err(failure),
        Some(name) => match name.to_ascii_lowercase().replace('_', "-").as_str() {
            // Every byte is the character of that number.
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" | "ascii" | "us-ascii"
            | "iso-8859-15" | "cp1252" | "windows-1252" => {
                Ok(bytes.into_iter().map(char::from).collect())
            }
            "utf-8" | "utf8" | "utf-8-sig" => Err(failure),
            _ => Err(Undecodable::Encoding(name)),
        },
    }
}

/// The encoding that one of the first two lines of a Python file declares (PEP 263).
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    bytes.split(|byte| *byte == b'\n').take(2).find_map(|line| {
        let line = String::from_utf8_lossy(line);
        let comment = line.trim_start().strip_prefix('#')?;
        let rest = &comment[comment.find("coding")? + "coding".len()..];
        let rest = rest.strip_prefix([':', '='])?.trim_start();
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"-_.".contains(c));
        Some(rest[..end.unwrap_or(rest.len())].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let full = folder.path().join("x.py");
        std::fs::write(&full, bytes).unwrap();
        match read(&full, &"x.py".into(), Language::Python) {
            Ok(text) => format!("ok {text}"),
            Err(problem) => format!("{} {}:{}", problem.code, problem.line, problem.column),
        }
    }

    #[test]
    fn text_is_decoded_or_refused_with_its_place() {
        assert_eq!(code("\u{feff}x = 1".as_bytes()), "ok x = 1");
        assert_eq!(code(b"a\n\x00"), "binary 2:1");
        assert_eq!(code(b"a = 1\nb = '\xe9'\n"), "not-utf8 2:6");
        assert_eq!(
            code(b"# -*- coding: latin-1 -*-\nb = '\xe9'"),
            "ok # -*- coding: latin-1 -*-\nb = 'é'"
        );
        assert_eq!(code(b"# coding=koi8-r\nb = '\xe9'"), "unknown-encoding 1:1");
    }

    #[test]
    fn unreadable_files_are_diagnostics() {
        let missing = Path::new("/nonexistent/x.py");
        assert_eq!(
            &*read(missing, &"x.py".into(), Language::Python).unwrap_err().code,
            "unreadable"
        );
    }
}
