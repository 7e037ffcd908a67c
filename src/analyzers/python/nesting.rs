//! Refuses what would overflow the parser's stack, by an iterative scan of the bytes.

/// CPython itself refuses more than 200 nested brackets and 100 indentation levels.
pub const LIMIT: u32 = 1_000;

/// The offset at which the nesting of brackets or a run of prefix operators passes [`LIMIT`].
/// Brackets inside strings count too: an over-estimate that real code never reaches.
pub fn too_deep(text: &str) -> Option<u32> {
    let (mut depth, mut prefix) = (0u32, 0u32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'-' | b'+' | b'~' => prefix += 1,
            b' ' | b'\t' | b'\\' | b'\n' | b'\r' => {}
            _ => prefix = 0,
        }
        if depth > LIMIT || prefix > LIMIT {
            return Some(at as u32);
        }
    }
    None
}
