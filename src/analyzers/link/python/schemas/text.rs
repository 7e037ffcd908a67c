//! Types as text: as written, with quotes around forward references and the `typing.` prefix
//! gone, and wrappers that say nothing about the value (`Annotated[…]` extras) off.

use super::index::Index;
use crate::model::facts::python::schemas::Term;

/// The text of a type.
pub fn of_type(index: &Index<'_>, term: &Term) -> String {
    let mut text = String::new();
    write(index, term, true, &mut text, 0);
    text
}

/// The source text of a value.
pub fn written(index: &Index<'_>, term: &Term) -> String {
    let mut text = String::new();
    write(index, term, false, &mut text, 0);
    text
}

fn write(index: &Index<'_>, term: &Term, is_type: bool, out: &mut String, depth: u32) {
    if depth > 60 {
        out.push('…');
        return;
    }
    let list = |terms: &[Term], separator: &str, out: &mut String| {
        for (at, term) in terms.iter().enumerate() {
            if at > 0 {
                out.push_str(separator);
            }
            write(index, term, is_type, out, depth + 1);
        }
    };
    match term {
        Term::None => out.push_str("None"),
        Term::Ellipsis => out.push_str("..."),
        Term::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
        Term::Int(digits) => out.push_str(digits),
        Term::Float(value) => out.push_str(&format!("{value:?}")),
        Term::Str(text) => out.push_str(&quoted(text)),
        Term::Bytes(bytes) => {
            out.push('b');
            out.push_str(&quoted(&String::from_utf8_lossy(bytes)));
        }
        Term::Name { text, origins } => {
            let module = origins.first().and_then(|origin| origin.rsplit_once('.'));
            let is_typing = matches!(
                module,
                Some(("typing" | "typing_extensions" | "collections.abc", last))
                    if text.ends_with(last)
            );
            match text.rsplit_once('.') {
                Some((_, last)) if is_type && is_typing => out.push_str(last),
                _ => out.push_str(text),
            }
        }
        Term::Subscript(head, arguments) => {
            if is_type
                && index.known(head).is_some_and(|name| name == "typing.Annotated")
                && let Some(inner) = arguments.first()
            {
                return write(index, inner, is_type, out, depth + 1);
            }
            write(index, head, is_type, out, depth + 1);
            out.push('[');
            list(arguments, ", ", out);
            out.push(']');
        }
        Term::Union(members) => list(members, " | ", out),
        Term::Tuple(members) => {
            out.push('(');
            list(members, ", ", out);
            out.push_str(if members.len() == 1 { ",)" } else { ")" });
        }
        Term::List(members) => {
            out.push('[');
            list(members, ", ", out);
            out.push(']');
        }
        Term::Set(members) => {
            out.push('{');
            list(members, ", ", out);
            out.push('}');
        }
        Term::Dict(items) => {
            out.push('{');
            for (at, (key, value)) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(index, key, is_type, out, depth + 1);
                out.push_str(": ");
                write(index, value, is_type, out, depth + 1);
            }
            out.push('}');
        }
        Term::Call(call) => out.push_str(&call.text),
        Term::Lambda(body) => {
            out.push_str("lambda: ");
            write(index, body, is_type, out, depth + 1);
        }
        Term::Starred(inner) => {
            out.push('*');
            write(index, inner, is_type, out, depth + 1);
        }
        Term::Text(text) => out.push_str(text),
    }
}

/// A string as Python's `repr` writes it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            letter if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    out.push(quote);
    out
}
