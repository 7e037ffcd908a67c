//! Where the interpreter's sources come from, and what no source defines.

use std::str::FromStr;
use std::sync::Arc;

use proc_macro2::TokenStream;

/// Where sources come from; paths are whatever the implementor makes of them, with `/`.
pub trait Sources {
    fn text(&self, path: &str) -> Option<Arc<str>>;
    /// The crates that a file may belong to, the likeliest first.
    fn crates(&self, path: &str) -> Vec<Krate>;
    /// A crate that another depends on, by its name in code.
    fn dependency(&self, of: &Krate, name: &str) -> Option<Krate>;
}

/// A crate: its name in code and its root file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Krate {
    pub name: String,
    pub root: String,
}

/// Names that no source here defines.
pub const BUILT_IN: &[&str] = &[
    "addr_of",
    "addr_of_mut",
    "asm",
    "assert",
    "assert_eq",
    "assert_matches",
    "assert_ne",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "concat_bytes",
    "concat_idents",
    "const_format_args",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "global_asm",
    "include",
    "include_bytes",
    "include_str",
    "is_x86_feature_detected",
    "line",
    "log_syntax",
    "matches",
    "module_path",
    "naked_asm",
    "offset_of",
    "option_env",
    "panic",
    "pin",
    "print",
    "println",
    "ready",
    "stringify",
    "thread_local",
    "todo",
    "trace_macros",
    "try",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// The tokens of a file; nothing if it cannot be lexed.
pub fn lex(text: &str) -> Option<TokenStream> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let body = match text.strip_prefix("#!") {
        // A first line for the shell, not an attribute.
        Some(rest) if !rest.trim_start().starts_with('[') => {
            text.find('\n').map_or("", |at| &text[at..])
        }
        _ => text,
    };
    TokenStream::from_str(body).ok()
}

/// A path's folder, empty or with a final `/`.
pub fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}

/// A path with its `.` and `..` parts taken out.
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for (at, part) in path.split('/').enumerate() {
        match part {
            "" if at > 0 => {}
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty()) => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
