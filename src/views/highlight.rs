//! Source text → roles, by syntect with the syntaxes of `two-face`. Slow to load: call it off the
//! UI thread.

use std::sync::LazyLock;

use syntect::parsing::{ParseState, ScopeStack, SyntaxSet};

use crate::app::Role;
use crate::app::texts::Highlighted;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// Lines longer than this stay plain: minified data, not code to read.
const LONGEST_LINE: usize = 2_000;

/// The roles of each line's runs. `token` names the language by name or extension: `python`, `py`,
/// `pyi`, `rs`, `toml`, `json` …
pub fn highlight(text: &str, token: &str) -> Highlighted {
    let token = if token == "pyi" { "py" } else { token };
    let Some(syntax) = SYNTAXES.find_syntax_by_token(token) else { return Vec::new() };
    let mut parser = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.len() > LONGEST_LINE {
            lines.push(Vec::new());
            continue;
        }
        let Ok(operations) = parser.parse_line(line, &SYNTAXES) else { return lines };
        let mut runs: Vec<(u32, Role)> = Vec::new();
        let mut at = 0;
        for (start, operation) in
            operations.iter().map(|(at, op)| (*at, Some(op))).chain([(line.len(), None)])
        {
            if start > at {
                let role = role_of(&stack);
                match runs.last_mut() {
                    Some((length, last)) if *last == role => *length += (start - at) as u32,
                    _ => runs.push(((start - at) as u32, role)),
                }
                at = start;
            }
            if let Some(operation) = operation
                && stack.apply(operation).is_err()
            {
                return lines;
            }
        }
        lines.push(runs);
    }
    lines
}

/// The innermost scope that means something to us decides.
fn role_of(stack: &ScopeStack) -> Role {
    static SCOPES: LazyLock<Vec<(syntect::parsing::Scope, Role)>> = LazyLock::new(|| {
        let scope =
            |(name, role): &(&str, Role)| Some((syntect::parsing::Scope::new(name).ok()?, *role));
        SCOPE_ROLES.iter().filter_map(scope).collect()
    });
    for scope in stack.scopes.iter().rev() {
        if let Some((_, role)) = SCOPES.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)) {
            return *role;
        }
    }
    Role::Text
}

/// Longer prefixes before the shorter ones they refine.
const SCOPE_ROLES: &[(&str, Role)] = &[
    ("comment", Role::Comment),
    ("string", Role::String),
    ("constant.numeric", Role::Number),
    ("constant.character.escape", Role::Constant),
    ("constant", Role::Constant),
    ("keyword.operator.logical", Role::Keyword),
    ("keyword.operator.word", Role::Keyword),
    ("keyword.operator", Role::Operator),
    ("keyword", Role::Keyword),
    ("storage.type.class", Role::Keyword),
    ("storage.type.numeric", Role::Type),
    ("storage", Role::Keyword),
    ("entity.name.function.decorator", Role::Decorator),
    ("entity.name.function", Role::Function),
    ("entity.name.type", Role::Type),
    ("entity.name.class", Role::Type),
    ("entity.name.struct", Role::Type),
    ("entity.name.enum", Role::Type),
    ("entity.name.trait", Role::Type),
    ("entity.name.impl", Role::Type),
    ("entity.name.macro", Role::Decorator),
    ("entity.other.inherited-class", Role::Type),
    ("variable.annotation", Role::Decorator),
    ("meta.annotation", Role::Decorator),
    ("variable.function.decorator", Role::Decorator),
    ("variable.function", Role::Function),
    ("variable.language", Role::Constant),
    ("support.function", Role::Function),
    ("support.macro", Role::Decorator),
    ("support.type", Role::Type),
    ("support.class", Role::Type),
    ("meta.attribute", Role::Decorator),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn role_at(text: &str, token: &str, needle: &str) -> Role {
        let wanted = text.find(needle).unwrap();
        let line = text[..wanted].matches('\n').count();
        let mut left = wanted - text[..wanted].rfind('\n').map_or(0, |at| at + 1);
        for (length, role) in &highlight(text, token)[line] {
            if left < *length as usize {
                return *role;
            }
            left -= *length as usize;
        }
        panic!("{needle} is past the runs")
    }

    #[test]
    fn tokens_of_both_languages_get_roles() {
        let python = "@cached\ndef greet(name):\n    # hello\n    return \"x\" + str(1)\n";
        assert_eq!(role_at(python, "python", "def"), Role::Keyword);
        assert_eq!(role_at(python, "python", "greet"), Role::Function);
        assert_eq!(role_at(python, "python", "# hello"), Role::Comment);
        assert_eq!(role_at(python, "python", "x"), Role::String);
        assert_eq!(role_at(python, "python", "cached"), Role::Decorator);
        let rust = "#[derive(Debug)]\npub struct Cart { count: u32 }\n";
        assert_eq!(role_at(rust, "rust", "pub"), Role::Keyword);
        assert_eq!(role_at(rust, "rust", "Cart"), Role::Type);
    }
}
