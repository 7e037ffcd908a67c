//! What several screens show alike: names, certainties, columns, JSON.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::app::text::{Line, Role, truncate, truncate_start};
use crate::model::Certainty;

/// How sure a row is, in one cell that needs no colour.
pub fn certainty(certainty: Certainty) -> Line {
    let mark = match certainty {
        Certainty::Exact => "=",
        Certainty::Inferred => "≈",
        Certainty::Possible => "?",
    };
    Line::new(Role::of_certainty(certainty), mark)
}

/// How sure a row is and why, in words.
pub fn why(certainty: Certainty, why: &str) -> Line {
    Line::new(Role::of_certainty(certainty), certainty.as_str())
        .push(Role::Dim, &format!("  {why}"))
}

/// A qualified name with its own part brighter than where it lives. A method keeps its class.
pub fn qualified(name: &str, role: Role) -> Line {
    let start = own_part(name);
    Line::dim(&name[..start]).push(role, &name[start..])
}

/// A qualified name for lists: its own part first, where it lives behind it, so that what is cut
/// off is what matters least.
pub fn named(name: &str, role: Role) -> Line {
    let (own, home) = (&name[own_part(name)..], home(name));
    let line = Line::new(role, own);
    if home.is_empty() { line } else { line.push(Role::Dim, &format!("  {home}")) }
}

/// The part of a qualified name that says where it lives.
pub fn home(name: &str) -> &str {
    name[..own_part(name)].trim_end_matches(['.', ':'])
}

/// Where the part of a qualified name begins that tells it apart: `Class.method`, `function`.
pub fn own_part(name: &str) -> usize {
    let separator = if name.contains("::") { "::" } else { "." };
    let Some(last) = name.rfind(separator) else { return 0 };
    let before = &name[..last];
    let owner = before.rfind(separator).map_or(0, |at| at + separator.len());
    let is_class = before[owner..].trim_start_matches(['_', '<']).starts_with(char::is_uppercase);
    if is_class { owner } else { last + separator.len() }
}

/// A column of text cut or padded to `width` cells; names are cut at their front.
pub fn column(text: &str, width: usize, role: Role, at_front: bool) -> Line {
    let cut = if at_front { truncate_start(text, width) } else { truncate(text, width) };
    let spare = width.saturating_sub(cut.width());
    Line::new(role, &cut).push(Role::Text, &" ".repeat(spare))
}

/// Joins lines to one.
pub fn join(parts: impl IntoIterator<Item = Line>) -> Line {
    Line { spans: parts.into_iter().flat_map(|line| line.spans).collect() }
}

/// The width of a column that holds `texts`, at most `most`.
pub fn widest<'a>(texts: impl Iterator<Item = &'a str>, most: usize) -> usize {
    texts.map(UnicodeWidthStr::width).max().unwrap_or(0).min(most)
}

/// A JSON value on as many lines as it needs; short arrays and objects stay on one.
pub fn json(value: &Value, width: usize) -> Vec<Line> {
    let mut lines = vec![Line::default()];
    write_json(value, 0, width, &mut lines);
    lines
}

fn write_json(value: &Value, depth: usize, width: usize, lines: &mut Vec<Line>) {
    let used = lines.last().map_or(0, Line::width);
    let nested = match value {
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        Value::Object(map) => {
            map.values().any(|item| item.is_object() || item.is_array()) || map.len() > 3
        }
        _ => false,
    };
    let short = !nested && used + value.to_string().len() + 4 <= width;
    match value {
        Value::Array(items) if !items.is_empty() && !short => {
            push(lines, Role::Operator, "[");
            for (at, item) in items.iter().enumerate() {
                lines.push(Line::text(&"  ".repeat(depth + 1)));
                write_json(item, depth + 1, width, lines);
                if at + 1 < items.len() {
                    push(lines, Role::Operator, ",");
                }
            }
            lines.push(Line::text(&"  ".repeat(depth)));
            push(lines, Role::Operator, "]");
        }
        Value::Object(map) if !map.is_empty() && !short => {
            push(lines, Role::Operator, "{");
            for (at, (key, item)) in map.iter().enumerate() {
                lines.push(Line::text(&"  ".repeat(depth + 1)));
                push(lines, Role::Function, &Value::String(key.clone()).to_string());
                push(lines, Role::Operator, ": ");
                write_json(item, depth + 1, width, lines);
                if at + 1 < map.len() {
                    push(lines, Role::Operator, ",");
                }
            }
            lines.push(Line::text(&"  ".repeat(depth)));
            push(lines, Role::Operator, "}");
        }
        Value::Array(items) => {
            push(lines, Role::Operator, "[");
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    push(lines, Role::Operator, ", ");
                }
                write_json(item, depth, usize::MAX, lines);
            }
            push(lines, Role::Operator, "]");
        }
        Value::Object(map) => {
            push(lines, Role::Operator, if map.is_empty() { "{" } else { "{ " });
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    push(lines, Role::Operator, ", ");
                }
                push(lines, Role::Function, &Value::String(key.clone()).to_string());
                push(lines, Role::Operator, ": ");
                write_json(item, depth, usize::MAX, lines);
            }
            push(lines, Role::Operator, if map.is_empty() { "}" } else { " }" });
        }
        Value::String(_) => push(lines, Role::String, &value.to_string()),
        Value::Number(_) => push(lines, Role::Number, &value.to_string()),
        Value::Bool(_) | Value::Null => push(lines, Role::Constant, &value.to_string()),
    }
}

fn push(lines: &mut [Line], role: Role, text: &str) {
    if let Some(line) = lines.last_mut() {
        *line = std::mem::take(line).push(role, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_before_their_class_or_function() {
        for (name, own) in [
            ("a.b.Class.method", "Class.method"),
            ("a.b.function", "function"),
            ("crate::m::Type::new", "Type::new"),
            ("crate::m::free", "free"),
            ("alone", "alone"),
        ] {
            assert_eq!(&name[own_part(name)..], own);
        }
    }

    #[test]
    fn json_breaks_only_where_it_must() {
        let value = serde_json::json!({
            "type": "object",
            "properties": {"a": {"type": "integer", "minimum": 0}, "tags": {"enum": ["x", "y"]}},
            "required": ["a"],
            "empty": {},
        });
        let text: Vec<String> = json(&value, 60).iter().map(Line::plain).collect();
        assert_eq!(
            text,
            [
                "{",
                "  \"type\": \"object\",",
                "  \"properties\": {",
                "    \"a\": { \"type\": \"integer\", \"minimum\": 0 },",
                "    \"tags\": {",
                "      \"enum\": [\"x\", \"y\"]",
                "    }",
                "  },",
                "  \"required\": [\"a\"],",
                "  \"empty\": {}",
                "}",
            ]
        );
        // What is shown is the value still.
        let parsed: Value = serde_json::from_str(&text.join("\n")).unwrap();
        assert_eq!(parsed, value);
    }
}
