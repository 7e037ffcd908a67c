//! Rules that hold for macro definitions and macro calls.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Collector;

/// One arm of a `macro_rules!`.
struct Arm {
    matcher: Vec<TokenTree>,
    body: Vec<TokenTree>,
}

/// Names that need no import in any edition.
const PRELUDE: &[&str] = &[
    "Self",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "Vec",
    "String",
    "Box",
    "Default",
    "Clone",
    "Copy",
    "Drop",
    "Fn",
    "FnMut",
    "FnOnce",
    "Iterator",
    "IntoIterator",
    "Extend",
    "DoubleEndedIterator",
    "ExactSizeIterator",
    "From",
    "Into",
    "TryFrom",
    "TryInto",
    "AsRef",
    "AsMut",
    "ToString",
    "ToOwned",
    "Send",
    "Sync",
    "Sized",
    "Unpin",
    "Eq",
    "PartialEq",
    "Ord",
    "PartialOrd",
    "Debug",
    "Hash",
    "FromIterator",
    "Future",
    "IntoFuture",
];

impl Collector {
    pub(super) fn macro_rules(&mut self, item: &syn::ItemMacro) {
        let Some(name) = &item.ident else { return };
        let name = name.to_string();
        let arms = arms(item.mac.tokens.clone());
        let is_exported =
            item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"));
        let is_recursive = arms.iter().any(|arm| calls_itself(&arm.body, &name));
        let mut detail = format!("{} arms", arms.len());
        if is_exported {
            detail.push_str(", exported");
        }
        if is_recursive {
            detail.push_str(", recursive");
        }
        self.path.push(format!("{name}!"));
        self.hit_as("rs-macro-rules", &item.ident, detail, false);
        let munches = |arm: &&Arm| ends_in_tts(&arm.matcher) && calls_itself(&arm.body, &name);
        if arms.iter().any(|arm| munches(&arm)) {
            self.hit("rs-tt-muncher", &item.ident);
        }
        let is_internal = |arm: &&Arm| {
            let is_at = matches!(arm.matcher.first(), Some(TokenTree::Punct(punct)) if punct.as_char() == '@');
            is_at && matches!(arm.matcher.get(1), Some(TokenTree::Ident(_)))
        };
        if arms.iter().any(|arm| is_internal(&arm)) {
            self.hit("rs-internal-rules", &item.ident);
        }
        if arms.iter().filter(|arm| literal_tokens(&arm.matcher) >= 2).count() >= 3 {
            self.hit("rs-declarative-dsl", &item.ident);
        }
        if is_exported {
            if arms.iter().any(|arm| names_bare_crate(&arm.body)) {
                self.hit("rs-hygiene-crate", &item.ident);
            }
            let mut free: Vec<String> = Vec::new();
            for arm in &arms {
                free_types(&arm.body, &mut free);
            }
            let own = item.mac.tokens.to_string();
            free.retain(|name| !defines(&own, name));
            if !free.is_empty() {
                free.sort();
                free.dedup();
                self.hit_as("rs-hygiene-leak", &item.ident, free.join(", "), true);
            }
        }
        self.path.pop();
    }

    pub(super) fn macro_call(&mut self, mac: &syn::Macro) {
        let segments: Vec<String> =
            mac.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        let rule = match names.as_slice() {
            ["inventory", "submit" | "collect"] => "rs-inventory",
            [.., "lazy_static" | "thread_local"] => "rs-lazy-static",
            [.., "quote" | "quote_spanned" | "parse_quote" | "parse_quote_spanned"] => "rs-quote",
            [.., "include"] if mac.tokens.to_string().contains("OUT_DIR") => "rs-include-generated",
            [panics @ ("panic" | "unimplemented" | "todo")] if !self.is_test => {
                return self.panics(&mac.path, panics);
            }
            _ => return,
        };
        self.hit(rule, &mac.path);
    }
}

/// Splits `matcher => { body };` sequences.
fn arms(tokens: TokenStream) -> Vec<Arm> {
    let mut arms = Vec::new();
    let mut tokens = tokens.into_iter();
    while let Some(first) = tokens.next() {
        let TokenTree::Group(matcher) = first else { continue };
        // `=` and `>` stand between matcher and body.
        let body = tokens.by_ref().find_map(|token| match token {
            TokenTree::Group(group) => Some(group),
            _ => None,
        });
        let Some(body) = body else { break };
        arms.push(Arm {
            matcher: matcher.stream().into_iter().collect(),
            body: body.stream().into_iter().collect(),
        });
    }
    arms
}

/// `name !`, `$crate::name !`, `crate::name !` or `self::name !` anywhere in the tokens.
fn calls_itself(tokens: &[TokenTree], name: &str) -> bool {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if ident == name => {
                let is_call = matches!(tokens.get(at + 1), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
                let is_path = at >= 2 && is_colons(&tokens[at - 2..at]);
                let root = is_path.then(|| at.checked_sub(3).map(|root| &tokens[root])).flatten();
                let is_own = match root {
                    None => !is_path,
                    Some(TokenTree::Ident(root)) => root == "crate" || root == "self",
                    Some(_) => false,
                };
                if is_call && is_own {
                    return true;
                }
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                if calls_itself(&inner, name) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn is_colons(tokens: &[TokenTree]) -> bool {
    tokens.iter().all(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':'))
}

/// Whether a matcher, or the group that ends it, ends in `$($x:tt)*` or `+`.
fn ends_in_tts(matcher: &[TokenTree]) -> bool {
    match matcher {
        [.., TokenTree::Punct(dollar), TokenTree::Group(group), TokenTree::Punct(repeat)]
            if dollar.as_char() == '$' && matches!(repeat.as_char(), '*' | '+') =>
        {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            matches!(inner.as_slice(), [TokenTree::Punct(dollar), TokenTree::Ident(_), TokenTree::Punct(colon), TokenTree::Ident(kind)]
                if dollar.as_char() == '$' && colon.as_char() == ':' && kind == "tt")
        }
        [.., TokenTree::Group(group)] if group.delimiter() != Delimiter::None => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            ends_in_tts(&inner)
        }
        _ => false,
    }
}

/// Identifiers and punctuation of a matcher that stand for themselves.
fn literal_tokens(matcher: &[TokenTree]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at < matcher.len() {
        match &matcher[at] {
            TokenTree::Punct(punct) if punct.as_char() == '$' => match matcher.get(at + 1) {
                // `$x:kind`
                Some(TokenTree::Ident(_)) => at += 3,
                // `$(…)sep*`: what is inside counts, the repetition does not.
                Some(TokenTree::Group(group)) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    count += literal_tokens(&inner);
                    let repeats = |at: usize| matches!(matcher.get(at), Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '*' | '+' | '?'));
                    at += if repeats(at + 2) { 2 } else { 3 };
                }
                _ => {}
            },
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                count += literal_tokens(&inner);
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' || punct.as_char() == ';' => {}
            TokenTree::Ident(_) | TokenTree::Punct(_) => count += 1,
            TokenTree::Literal(_) => {}
        }
        at += 1;
    }
    count
}

/// `crate ::` without a `$` before it.
fn names_bare_crate(tokens: &[TokenTree]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Ident(ident) if ident == "crate" => {
            let has_dollar = at > 0
                && matches!(&tokens[at - 1], TokenTree::Punct(punct) if punct.as_char() == '$');
            let is_path = tokens.get(at + 1..at + 3).is_some_and(is_colons);
            !has_dollar && is_path
        }
        TokenTree::Group(group) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            names_bare_crate(&inner)
        }
        _ => false,
    })
}

/// Capitalised first segments that neither a path nor a metavariable nor the prelude explains.
fn free_types(tokens: &[TokenTree], found: &mut Vec<String>) {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let before = at.checked_sub(1).map(|before| &tokens[before]);
                let is_rooted = matches!(before, Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '$' | ':' | '.' | '\''));
                let is_path = tokens.get(at + 1..at + 3).is_some_and(is_colons);
                let is_type = name.starts_with(|c: char| c.is_uppercase());
                let is_constant = name.len() > 1 && !name.contains(|c: char| c.is_lowercase());
                if is_type
                    && is_path
                    && !is_rooted
                    && !is_constant
                    && !PRELUDE.contains(&name.as_str())
                {
                    found.push(name);
                }
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                free_types(&inner, found);
            }
            _ => {}
        }
    }
}

/// Whether a macro's own text defines or imports a name.
fn defines(text: &str, name: &str) -> bool {
    ["struct", "enum", "trait", "type", "use", "union"]
        .iter()
        .any(|keyword| text.contains(&format!("{keyword} {name}")))
        || text.contains(&format!("as {name}"))
        || text.contains(&format!(":: {name} ;"))
}
