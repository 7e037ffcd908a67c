//! What functions and methods of the standard library hand back.
//!
//! `standard.txt` is a digest of their signatures; its head says how it is written.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

const TABLE: &str = include_str!("standard.txt");

/// How far inheritance is followed.
const DEEPEST: u32 = 8;

#[derive(Default)]
struct Owner {
    bases: Vec<&'static str>,
    members: FxHashMap<&'static str, &'static str>,
}

/// A member of a module or class of the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// What it is, or what calling it gives: `text`, `Self`, `list:re.Match`, `re.Pattern` …
    pub gives: &'static str,
    /// It is read, not called.
    pub is_attribute: bool,
}

/// The member that a dotted name leads to.
pub fn member(owner: &str, name: &str) -> Option<Member> {
    member_at(owner, name, 0)
}

fn member_at(owner: &str, name: &str, depth: u32) -> Option<Member> {
    let known = table().get(owner)?;
    if let Some(gives) = known.members.get(name) {
        return Some(Member { gives, is_attribute: false });
    }
    if let Some(gives) = known.members.get(&*format!(".{name}")) {
        return Some(Member { gives, is_attribute: true });
    }
    if depth >= DEEPEST {
        return None;
    }
    known.bases.iter().find_map(|base| member_at(base, name, depth + 1))
}

fn table() -> &'static FxHashMap<&'static str, Owner> {
    static PARSED: OnceLock<FxHashMap<&'static str, Owner>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(parse).collect()
    })
}

fn parse(line: &'static str) -> Option<(&'static str, Owner)> {
    // `list:X` holds a colon too: the first one ends the head.
    let (head, members) = line.split_once(':')?;
    let (name, bases) = match head.split_once('(') {
        Some((name, bases)) => (name, bases.trim_end_matches(')').split(' ').collect()),
        None => (head, Vec::new()),
    };
    let members = members.split(", ").filter_map(|member| member.trim().split_once(' ')).collect();
    Some((name, Owner { bases, members }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_through_bases() {
        let gives = |owner: &str, name: &str| member(owner, name).map(|member| member.gives);
        assert_eq!(gives("re", "compile"), Some("re.Pattern"));
        assert_eq!(gives("pathlib.Path", "joinpath"), Some("Self"));
        assert_eq!(gives("pathlib.Path", "read_text"), Some("text"));
        let parent = Member { gives: "Self", is_attribute: true };
        assert_eq!(member("pathlib.Path", "parent"), Some(parent));
        assert_eq!(gives("pathlib.Path", "iterdir"), Some("each:Self"));
        assert_eq!(member("nowhere", "nothing"), None);
    }

    #[test]
    fn every_line_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        assert!(lines.clone().all(|line| parse(line).is_some()));
        assert_eq!(table().len(), lines.count());
    }
}
