//! Refuses what would overflow the parser's stack, by an iterative scan of the bytes.

/// Real code nests 45 deep at most; the parser survives far more than this on our stack.
pub const LIMIT: u32 = 1_000;

/// The offset at which nesting of brackets, or a run of prefix operators, passes [`LIMIT`].
pub fn too_deep(text: &str) -> Option<u32> {
    let (mut depth, mut prefix) = (0u32, 0u32);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'&' | b'-' | b'!' | b'*' | b'|' | b'<' => prefix += 1,
            b' ' | b'\t' | b'\n' | b'\r' => {}
            // `Vec<Vec<…` keeps opening: identifiers do not close what `<` opened.
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | b'0'..=b'9' => {}
            _ => prefix = 0,
        }
        if depth > LIMIT || prefix > 4 * LIMIT {
            return Some(at as u32);
        }
    }
    None
}
