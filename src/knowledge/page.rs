//! One page: its head, and what its body is made of.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::front_matter::{self, Value};
use crate::model::{FindingKind, Language, Severity};

/// A page of the knowledge base. `id` is its file's name, the word `metascope patterns show` takes
/// and what findings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub id: String,
    pub title: String,
    pub kind: FindingKind,
    /// One of [`super::GROUPS`].
    pub group: String,
    /// The languages the page shows.
    pub languages: Vec<Language>,
    /// The rules whose places it lists; none for a page on a concept.
    pub detects: Vec<Detects>,
    /// Anti-patterns only.
    pub severity: Option<Severity>,
    pub confidence: Confidence,
    /// One sentence that lists and search show.
    pub summary: String,
    /// Former ids and further search words.
    pub aliases: Vec<String>,
    pub related: Vec<String>,
    /// What to do instead; anti-patterns only.
    pub instead: Vec<String>,
    /// The sample that shows it, a directory of the repository.
    pub sample: Option<String>,
    /// The markdown under the head, its title line included.
    pub body: String,
    pub headings: Vec<Heading>,
    /// Targets of links: ids of pages, paths, addresses.
    pub links: Vec<String>,
}

/// A detection rule and the languages it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detects {
    pub rule: String,
    pub languages: Vec<Language>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// The rule is the pattern's definition.
    Exact,
    /// The rule can miss or mistake; the page says how under "Known problems".
    Heuristic,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    pub level: u8,
    pub text: String,
    /// What a link to it says after `#`.
    pub slug: String,
}

/// Why a file is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("docs/patterns/{id}.md:{line}: {message}")]
pub struct ParseError {
    pub id: String,
    pub line: usize,
    pub message: String,
}

/// The markdown that pages use.
pub fn markdown_options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

impl Page {
    pub fn parse(id: &str, text: &str) -> Result<Self, ParseError> {
        let error = |(line, message)| ParseError { id: id.to_owned(), line, message };
        let (head, body, body_line) = front_matter::split(text).map_err(error)?;
        let mut page = Self::of_head(id, &head).map_err(|message| error((1, message)))?;
        let summary = body.lines().enumerate().find_map(|(at, line)| {
            line.strip_prefix("> ").map(|summary| (at, summary.trim().to_owned()))
        });
        let Some((_, summary)) = summary else {
            let message = "a line `> …` with the summary stands under the title".to_owned();
            return Err(error((body_line, message)));
        };
        page.summary = summary;
        page.body = body.trim().to_owned();
        page.read_body();
        Ok(page)
    }

    fn of_head(id: &str, head: &Value) -> Result<Self, String> {
        let get = |key: &str| head.get(key).ok_or_else(|| format!("`{key}` is missing"));
        let text = |key: &str| {
            let value = get(key)?.text().filter(|text| !text.is_empty());
            value.map(str::to_owned).ok_or_else(|| format!("`{key}` is one word or sentence"))
        };
        let optional = |key: &str| head.get(key).and_then(Value::text).filter(|it| !it.is_empty());
        let list = |key: &str| match head.get(key) {
            None => Ok(Vec::new()),
            Some(value) => value.texts().ok_or_else(|| format!("`{key}` is a list")),
        };
        if text("id")? != id {
            return Err(format!("`id` is the file's name, `{id}`"));
        }
        let kind = match text("kind")?.as_str() {
            "pattern" => FindingKind::Pattern,
            "anti-pattern" => FindingKind::AntiPattern,
            other => return Err(format!("`kind` is pattern or anti-pattern, not `{other}`")),
        };
        let severity = match optional("severity") {
            None => None,
            Some("error") => Some(Severity::Error),
            Some("warn") => Some(Severity::Warning),
            Some("info") => Some(Severity::Info),
            Some(other) => return Err(format!("`severity` is error, warn or info, not `{other}`")),
        };
        let confidence = match text("confidence")?.as_str() {
            "exact" => Confidence::Exact,
            "heuristic" => Confidence::Heuristic,
            other => return Err(format!("`confidence` is exact or heuristic, not `{other}`")),
        };
        let sample = head.get("sample").and_then(|sample| sample.get("dir")).and_then(Value::text);
        Ok(Self {
            id: id.to_owned(),
            title: text("title")?,
            kind,
            group: text("group")?,
            languages: languages(get("languages")?)?,
            detects: detects(get("detects")?)?,
            severity,
            confidence,
            summary: String::new(),
            aliases: list("aliases")?,
            related: list("related")?,
            instead: list("instead")?,
            sample: sample.map(str::to_owned),
            body: String::new(),
            headings: Vec::new(),
            links: Vec::new(),
        })
    }

    /// Collects headings and links.
    fn read_body(&mut self) {
        let mut open: Option<(u8, String)> = None;
        for event in Parser::new_ext(&self.body, markdown_options()) {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    open = Some((level_number(level), String::new()));
                }
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((level, text)) = open.take() {
                        let slug = slug(&text);
                        self.headings.push(Heading { level, text, slug });
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some((_, heading)) = &mut open {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. }) => self.links.push(dest_url.to_string()),
                _ => {}
            }
        }
    }

    /// The text between a level-two heading and the next.
    pub fn section(&self, heading: &str) -> Option<&str> {
        let start = format!("## {heading}");
        let mut from = None;
        let mut at = 0;
        let mut fenced = false;
        for line in self.body.split_inclusive('\n') {
            fenced ^= line.starts_with("```");
            if !fenced && line.starts_with("## ") {
                match from {
                    Some(from) => return Some(self.body[from..at].trim()),
                    None if line.trim_end() == start => from = Some(at + line.len()),
                    None => {}
                }
            }
            at += line.len();
        }
        from.map(|from| self.body[from..].trim())
    }
}

/// 1 for a page's title.
pub fn level_number(level: HeadingLevel) -> u8 {
    level as u8
}

/// How links name a heading: lower case, words joined by `-`.
pub fn slug(heading: &str) -> String {
    let mut slug = String::with_capacity(heading.len());
    for c in heading.chars() {
        match c {
            c if c.is_alphanumeric() || c == '_' => slug.extend(c.to_lowercase()),
            ' ' | '-' if !slug.is_empty() => slug.push('-'),
            _ => {}
        }
    }
    slug
}

fn languages(value: &Value) -> Result<Vec<Language>, String> {
    let names = value.texts().ok_or("`languages` is a list")?;
    names
        .iter()
        .map(|name| match name.as_str() {
            "python" => Ok(Language::Python),
            "rust" => Ok(Language::Rust),
            other => Err(format!("`{other}` is neither python nor rust")),
        })
        .collect()
}

fn detects(value: &Value) -> Result<Vec<Detects>, String> {
    let Value::List(items) = value else { return Err("`detects` is a list of rules".into()) };
    items
        .iter()
        .map(|item| {
            let rule = item.get("rule").and_then(Value::text);
            let rule = rule.ok_or("an item of `detects` has a `rule`")?.to_owned();
            let languages = languages(item.get("languages").ok_or("a rule has `languages`")?)?;
            Ok(Detects { rule, languages })
        })
        .collect()
}
