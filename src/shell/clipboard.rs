//! Copying: OSC 52 to the terminal (which works over SSH), and the desktop's own tool if any.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;

/// Terminals drop longer sequences.
const LONGEST: usize = 74_000;

/// The sequence that hands text to the terminal's clipboard; `None` when it is too long.
pub fn sequence(text: &str, inside_tmux: bool) -> Option<Vec<u8>> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    if encoded.len() > LONGEST {
        return None;
    }
    let plain = format!("\x1b]52;c;{encoded}\x07");
    Some(if inside_tmux {
        // tmux hands a wrapped sequence through, with its escapes doubled.
        format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")).into_bytes()
    } else {
        plain.into_bytes()
    })
}

/// Gives the text to the desktop's clipboard tool; says whether one took it.
pub fn native(text: &str) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let tools: &[(&str, &[&str], bool)] = &[
        ("wl-copy", &[], is_set("WAYLAND_DISPLAY")),
        ("xclip", &["-selection", "clipboard"], is_set("DISPLAY")),
        ("pbcopy", &[], cfg!(target_os = "macos")),
    ];
    tools.iter().filter(|(.., usable)| *usable).any(|(tool, arguments, _)| {
        let started = Command::new(tool)
            .args(*arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = started else { return false };
        let written =
            child.stdin.take().is_some_and(|mut pipe| pipe.write_all(text.as_bytes()).is_ok());
        written && child.wait().is_ok_and(|status| status.success())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_carry_the_text_and_tmux_gets_a_wrapper() {
        assert_eq!(sequence("hi", false).unwrap(), b"\x1b]52;c;aGk=\x07");
        assert_eq!(sequence("hi", true).unwrap(), b"\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
        assert!(sequence(&"x".repeat(80_000), false).is_none());
    }
}
