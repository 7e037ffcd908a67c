//! Short messages: informative ones leave by themselves, errors stay until seen.

use super::text::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Success,
    Warning,
    Error,
}

impl Level {
    pub fn role(self) -> Role {
        match self {
            Self::Info => Role::Info,
            Self::Success => Role::Success,
            Self::Warning => Role::Warning,
            Self::Error => Role::Error,
        }
    }

    pub fn glyph(self) -> &'static str {
        match self {
            Self::Info => "i",
            Self::Success => "✓",
            Self::Warning => "!",
            Self::Error => "✗",
        }
    }

    /// How long it stays; errors have no limit.
    pub fn milliseconds(self) -> Option<u64> {
        match self {
            Self::Error => None,
            Self::Warning => Some(8_000),
            Self::Info | Self::Success => Some(4_000),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Toast {
    pub id: u64,
    pub level: Level,
    pub text: String,
    /// Unix milliseconds.
    pub at: u64,
}

/// Messages on screen and all there were.
#[derive(Debug, Clone, Default)]
pub struct Toasts {
    next: u64,
    pub shown: Vec<Toast>,
    pub log: Vec<Toast>,
}

const KEPT: usize = 500;

impl Toasts {
    /// Shows a message; hands back its id.
    pub fn push(&mut self, level: Level, text: impl Into<String>, at: u64) -> u64 {
        let text = text.into();
        self.shown.retain(|toast| toast.text != text);
        self.next += 1;
        let toast = Toast { id: self.next, level, text, at };
        self.shown.push(toast.clone());
        if self.shown.len() > 3 {
            self.shown.remove(0);
        }
        self.log.push(toast);
        if self.log.len() > KEPT {
            self.log.remove(0);
        }
        self.next
    }

    pub fn expire(&mut self, id: u64) {
        self.shown.retain(|toast| toast.id != id);
    }

    /// Removes the newest message; says whether there was one.
    pub fn dismiss(&mut self) -> bool {
        self.shown.pop().is_some()
    }
}
