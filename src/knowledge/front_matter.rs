//! The head of a page: the small part of YAML that pages use.
//!
//! `key: value` lines between two `---` lines. A value is a scalar (plain or in double quotes), a
//! list `[a, b]`, a map `{k: v}`, or, on the lines below, a list of maps (`- rule: x`). A `#` after
//! a space begins a comment.

/// One value of the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list of scalars; `None` when it is anything else.
    pub fn texts(&self) -> Option<Vec<String>> {
        match self {
            Self::List(items) => items.iter().map(|item| item.text().map(str::to_owned)).collect(),
            _ => None,
        }
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, v)| v),
            _ => None,
        }
    }
}

/// Splits a page into its head (a map) and its body, with the body's first line number.
pub(super) fn split(text: &str) -> Result<(Value, &str, usize), (usize, String)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "---" {
        return Err((1, "a page begins with a line `---`".into()));
    }
    let mut entries: Vec<(String, Value)> = Vec::new();
    let mut length = first.len();
    for (at, line) in lines.enumerate() {
        length += line.len();
        let number = at + 2;
        let content = uncomment(line).trim_end();
        if content == "---" {
            return Ok((Value::Map(entries), &text[length..], number + 1));
        }
        if content.trim().is_empty() {
            continue;
        }
        let problem = |what: String| (number, what);
        let indented = content.starts_with(' ');
        match (indented, content.trim_start().strip_prefix("- ")) {
            (false, _) => {
                let (key, value) = entry(content).map_err(problem)?;
                entries.push((key, value));
            }
            // A new item of the list under the last key.
            (true, Some(item)) => {
                let item = entry(item).map_err(problem)?;
                let Some((_, list)) = entries.last_mut() else {
                    return Err(problem("a list item belongs under a key".into()));
                };
                match list {
                    Value::List(items) => items.push(Value::Map(vec![item])),
                    Value::Text(text) if text.is_empty() => {
                        *list = Value::List(vec![Value::Map(vec![item])]);
                    }
                    _ => return Err(problem("a key has one value or a list below it".into())),
                }
            }
            // A further key of the last item.
            (true, None) => {
                let item = entry(content.trim_start()).map_err(problem)?;
                match entries.last_mut() {
                    Some((_, Value::List(items))) => match items.last_mut() {
                        Some(Value::Map(map)) => map.push(item),
                        _ => return Err(problem("an indented key belongs to a list item".into())),
                    },
                    _ => return Err(problem("an indented key belongs to a list item".into())),
                }
            }
        }
    }
    Err((1, "the head is not closed by a line `---`".into()))
}

/// Cuts a comment off; `#` inside quotes stays.
fn uncomment(line: &str) -> &str {
    let mut quoted = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted && before.is_whitespace() => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}

fn entry(text: &str) -> Result<(String, Value), String> {
    let Some((key, rest)) = text.split_once(':') else {
        return Err(format!("`{}` is no `key: value`", text.trim()));
    };
    let mut rest = rest.trim();
    let value = value(&mut rest)?;
    match rest.trim() {
        "" => Ok((key.trim().to_owned(), value)),
        more => Err(format!("`{more}` follows the value of `{}`", key.trim())),
    }
}

/// Reads one value off the front of `text`.
fn value(text: &mut &str) -> Result<Value, String> {
    *text = text.trim_start();
    if let Some(rest) = text.strip_prefix('[') {
        *text = rest;
        let mut items = Vec::new();
        while !closes(text, ']')? {
            items.push(value(text)?);
        }
        return Ok(Value::List(items));
    }
    if let Some(rest) = text.strip_prefix('{') {
        *text = rest;
        let mut entries = Vec::new();
        while !closes(text, '}')? {
            let Some((key, rest)) = text.split_once(':') else {
                return Err("a map holds `key: value` pairs".into());
            };
            *text = rest;
            entries.push((key.trim().to_owned(), value(text)?));
        }
        return Ok(Value::Map(entries));
    }
    if let Some(rest) = text.strip_prefix('"') {
        let Some((quoted, rest)) = rest.split_once('"') else {
            return Err("a quoted text is not closed".into());
        };
        *text = rest;
        return Ok(Value::Text(quoted.to_owned()));
    }
    let end = text.find([',', ']', '}']).unwrap_or(text.len());
    let plain = text[..end].trim().to_owned();
    *text = &text[end..];
    Ok(Value::Text(plain))
}

/// Whether a list or map ends here; consumes the end or the comma before a further item.
fn closes(text: &mut &str, end: char) -> Result<bool, String> {
    *text = text.trim_start();
    if let Some(rest) = text.strip_prefix(end) {
        *text = rest;
        return Ok(true);
    }
    if let Some(rest) = text.strip_prefix(',') {
        *text = rest.trim_start();
        return closes(text, end);
    }
    if text.is_empty() { Err(format!("`{end}` is missing")) } else { Ok(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_a_head_uses() {
        let text = "---\nid: a  # same as the file\nlangs: [python, rust]\nnone: []\nneeds: { python: \">=3.0, <4\" }\n\
                    detects:\n  - rule: x\n    languages: [python]\n  - rule: y\n---\n\n# A\n";
        let (head, body, line) = split(text).unwrap();
        assert_eq!(head.get("id").unwrap().text(), Some("a"));
        assert_eq!(head.get("langs").unwrap().texts().unwrap(), ["python", "rust"]);
        assert_eq!(head.get("none").unwrap().texts().unwrap(), [""; 0]);
        assert_eq!(head.get("needs").unwrap().get("python").unwrap().text(), Some(">=3.0, <4"));
        let Value::List(detects) = head.get("detects").unwrap() else { panic!("a list") };
        assert_eq!(detects.len(), 2);
        assert_eq!(detects[0].get("languages").unwrap().texts().unwrap(), ["python"]);
        assert_eq!((body, line), ("\n# A\n", 11));
    }

    #[test]
    fn says_where_a_head_is_wrong() {
        for (text, line) in [
            ("# no head", 1),
            ("---\nid: a\n", 1),
            ("---\nid\n---\n", 2),
            ("---\nid: [a, b\n---\n", 2),
            ("---\n  - rule: x\n---\n", 2),
            ("---\nid: \"a\n---\n", 2),
            ("---\nid: [a] b\n---\n", 2),
        ] {
            assert_eq!(split(text).unwrap_err().0, line, "{text}");
        }
    }
}
