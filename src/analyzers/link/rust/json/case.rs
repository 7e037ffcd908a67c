//! How serde and clap turn the names of fields and variants into those on the wire.

/// How `rename_all` turns a name: fields are written in snake case, variants in Pascal case.
#[derive(Clone, Copy)]
pub struct Case {
    is_variant: bool,
}

#[expect(non_upper_case_globals, reason = "read as the two kinds of names")]
impl Case {
    pub const field: Self = Self { is_variant: false };
    pub const variant: Self = Self { is_variant: true };

    fn apply(self, rule: &str, name: &str) -> String {
        let words: Vec<String> = if self.is_variant {
            let mut words: Vec<String> = Vec::new();
            for letter in name.chars() {
                if letter.is_uppercase() || words.is_empty() {
                    words.push(String::new());
                }
                if let Some(last) = words.last_mut() {
                    last.extend(letter.to_lowercase());
                }
            }
            words
        } else {
            name.split('_').map(String::from).collect()
        };
        let capital = |word: &String| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        };
        match rule {
            "lowercase" if self.is_variant => name.to_ascii_lowercase(),
            "UPPERCASE" => name.to_ascii_uppercase(),
            "PascalCase" if self.is_variant => name.into(),
            "PascalCase" => words.iter().map(capital).collect(),
            "camelCase" if self.is_variant => {
                let mut letters = name.chars();
                letters.next().map_or(String::new(), |first| {
                    first.to_ascii_lowercase().to_string() + letters.as_str()
                })
            }
            "camelCase" => {
                let pascal: String = words.iter().map(capital).collect();
                let mut letters = pascal.chars();
                letters.next().map_or(String::new(), |first| {
                    first.to_ascii_lowercase().to_string() + letters.as_str()
                })
            }
            "snake_case" if self.is_variant => words.join("_"),
            "SCREAMING_SNAKE_CASE" if self.is_variant => words.join("_").to_ascii_uppercase(),
            "SCREAMING_SNAKE_CASE" => name.to_ascii_uppercase(),
            "kebab-case" if self.is_variant => words.join("-"),
            "kebab-case" => name.replace('_', "-"),
            "SCREAMING-KEBAB-CASE" if self.is_variant => words.join("-").to_ascii_uppercase(),
            "SCREAMING-KEBAB-CASE" => name.replace('_', "-").to_ascii_uppercase(),
            _ => name.into(),
        }
    }
}

/// The name on the wire.
pub fn wire_name(name: &str, rename: Option<&str>, rename_all: Option<&str>, case: Case) -> String {
    match (rename, rename_all) {
        (Some(rename), _) => rename.into(),
        (None, Some(rule)) => case.apply(rule, name),
        (None, None) => name.into(),
    }
}

/// A name as clap and strum write it: words also end before the last capital of several.
pub fn spaced_name(name: &str, rule: &str) -> String {
    let words = words(name);
    let capital = |word: &String| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().collect::<String>() + &letters.as_str().to_lowercase()
        })
    };
    let lower = |separator: &str| words.join(separator).to_lowercase();
    let upper = |separator: &str| words.join(separator).to_uppercase();
    let key: String = rule.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
    match (rule, key.to_lowercase().as_str()) {
        ("lowercase" | "lower", _) => lower(""),
        ("UPPERCASE" | "UPPER" | "upper", _) => upper(""),
        ("verbatim", _) => name.to_owned(),
        (_, "snake" | "snakecase") => lower("_"),
        (_, "kebab" | "kebabcase") => lower("-"),
        (_, "screamingsnake" | "screamingsnakecase" | "shoutysnakecase" | "shoutysnake") => {
            upper("_")
        }
        (_, "screamingkebabcase") => upper("-"),
        (_, "traincase") => words.iter().map(capital).collect::<Vec<_>>().join("-"),
        (_, "titlecase") => words.iter().map(capital).collect::<Vec<_>>().join(" "),
        (_, "pascal" | "pascalcase") => words.iter().map(capital).collect(),
        (_, "camel" | "camelcase") if rule.starts_with(char::is_uppercase) => {
            words.iter().map(capital).collect()
        }
        (_, "camel" | "camelcase" | "mixedcase") => {
            let pascal: String = words.iter().map(capital).collect();
            let mut letters = pascal.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_lowercase().collect::<String>() + letters.as_str()
            })
        }
        _ => name.to_owned(),
    }
}

/// The words of a name: they end at what is no letter or digit, where a capital follows a small
/// letter, and before a capital that a small letter follows.
fn words(name: &str) -> Vec<String> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mode {
        Start,
        Lower,
        Upper,
    }
    let mut words = Vec::new();
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        let letters: Vec<char> = part.chars().collect();
        let (mut from, mut mode) = (0, Mode::Start);
        for (at, letter) in letters.iter().enumerate() {
            let Some(next) = letters.get(at + 1) else { break };
            let now = match letter {
                c if c.is_lowercase() => Mode::Lower,
                c if c.is_uppercase() => Mode::Upper,
                _ => mode,
            };
            if now == Mode::Lower && next.is_uppercase() {
                words.push(letters[from..=at].iter().collect());
                (from, mode) = (at + 1, Mode::Start);
            } else if mode == Mode::Upper && letter.is_uppercase() && next.is_lowercase() {
                if at > from {
                    words.push(letters[from..at].iter().collect());
                }
                (from, mode) = (at, Mode::Start);
            } else {
                mode = now;
            }
        }
        if from < letters.len() {
            words.push(letters[from..].iter().collect());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_and_strum_keep_acronyms_together() {
        let kebab = |name: &str| spaced_name(name, "kebab-case");
        assert_eq!(kebab("HTTPServer"), "http-server");
        assert_eq!(kebab("OneTwo3Four"), "one-two3-four");
        assert_eq!(kebab("dry_run"), "dry-run");
        assert_eq!(spaced_name("XMLHttpRequest", "snake_case"), "xml_http_request");
        assert_eq!(spaced_name("OneTwo", "SCREAMING_SNAKE_CASE"), "ONE_TWO");
        assert_eq!(spaced_name("one_two", "camelCase"), "oneTwo");
        assert_eq!(spaced_name("OneTwo", "lowercase"), "onetwo");
        // serde's rule splits at every capital.
        assert_eq!(
            wire_name("HTTPServer", None, Some("snake_case"), Case::variant),
            "h_t_t_p_server"
        );
    }
}
