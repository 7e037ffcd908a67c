//! Finding pages by words.

use super::{Page, pages};

/// How much a word counts by where it is found.
const ID: u32 = 100;
const TITLE: u32 = 60;
const ALIAS: u32 = 50;
const RULE: u32 = 40;
const SUMMARY: u32 = 20;
const TEXT: u32 = 4;

/// Pages that hold all `words`, best first: by id, title, alias, rule, summary, text. Without
/// words, all pages.
pub fn search(words: &str) -> Vec<&'static Page> {
    search_in(pages(), words)
}

pub(super) fn search_in<'a>(pages: &'a [Page], words: &str) -> Vec<&'a Page> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<(u32, &Page)> = pages
        .iter()
        .filter_map(|page| {
            let scores = words.iter().map(|word| score(page, word));
            let total = scores.sum::<Option<u32>>()?;
            Some((total, page))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, page)| page).collect()
}

/// What one word is worth on a page; `None` when the page does not hold it.
fn score(page: &Page, word: &str) -> Option<u32> {
    let aliases = page.aliases.iter().map(|alias| within(alias, word, ALIAS));
    let rules = page.detects.iter().map(|detects| within(&detects.rule, word, RULE));
    let best = [
        within(&page.id, word, ID),
        within(&page.title, word, TITLE),
        aliases.max().unwrap_or(0),
        rules.max().unwrap_or(0),
        within(&page.summary, word, SUMMARY),
    ];
    let best = best.into_iter().max().unwrap_or(0);
    let body = page.body.to_lowercase();
    let often = body.matches(word).take(8).count() as u32;
    let score = best + if often > 0 { TEXT + often } else { 0 };
    (score > 0).then_some(score)
}

/// Full worth for the whole text, most for a whole word, half within a word.
fn within(text: &str, word: &str, worth: u32) -> u32 {
    let text = text.to_lowercase();
    if text == word {
        return worth * 2;
    }
    let starts = |(at, _): (usize, &str)| !text[..at].ends_with(char::is_alphanumeric);
    match text.match_indices(word).map(starts).max() {
        Some(true) => worth,
        Some(false) => worth / 2,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(id: &str, title: &str, alias: &str, text: &str) -> Page {
        let text = format!(
            "---\nid: {id}\ntitle: {title}\nkind: pattern\ngroup: functions\nlanguages: [python]\n\
             detects: []\nconfidence: exact\naliases: [{alias}]\n---\n# {title}\n\n> {text}\n"
        );
        Page::parse(id, &text).unwrap()
    }

    #[test]
    fn id_beats_title_beats_alias_beats_text_and_all_words_must_occur() {
        let pages = [
            page("a", "One", "wrapper", "Nothing."),
            page("b", "Two", "x", "A closure is a wrapper of state."),
            page("wrapper", "Three", "y", "Nothing."),
            page("d", "A wrapper", "z", "Nothing."),
            page("e", "Rewrapper", "z", "Nothing."),
        ];
        let ids =
            |words| search_in(&pages, words).iter().map(|p| p.id.as_str()).collect::<Vec<_>>();
        assert_eq!(ids("WRAPPER"), ["wrapper", "a", "d", "e", "b"]);
        assert_eq!(ids("wrapper state"), ["b"]);
        assert_eq!(ids("absent"), [""; 0]);
        assert_eq!(ids("").len(), 5);
    }
}
